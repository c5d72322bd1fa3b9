/// A job whose bundle is known byte for byte.
struct BundleJob {
    let name: String
    let yaml: String
    var failing: Set<Int> = []

    /// Between them: adapter, whole checkpoint, checkpoint with other embeddings, control; every mask; two hooks, at one
    /// depth as well; the embeddings as a hook; ReLU and top-k; permutations; every ranking; many shards and one; a shard
    /// that is missing.
    static let all = [
        BundleJob(
            name: "many",
            yaml: """
                name: many
                base: base
                tuned:
                  - {name: adapted, adapter: adapter}
                  - {name: whole, checkpoint: tuned}
                  - {name: rolled, checkpoint: rolled, control: true}
                prompts: {path: prompts.jsonl}
                hooks: [{layer: 2, sae: sae}, {layer: 0, site: resid_pre, sae: sae-pre-0}]
                masks: [all, content, last]
                shard_tokens: 96
                rank: {by: delta, top: 20}
                seed: 7
                permutations: 200
                """),
        BundleJob(
            name: "turns",
            yaml: """
                name: turns
                base: base
                tuned: [{name: whole, checkpoint: tuned}, {name: adapted, adapter: adapter}]
                prompts: {path: turns.jsonl, add_generation_prompt: false}
                hooks: [{layer: 3, site: resid_pre, sae: sae-pre-3}, {layer: 2, sae: sae}]
                masks: [assistant, all]
                skip_first: 0
                rank: {by: t, top: 5}
                """),
        BundleJob(
            name: "embeddings",
            yaml: """
                name: embeddings
                base: base
                tuned: [{name: rolled, checkpoint: rolled}]
                prompts: {path: prompts.jsonl}
                hooks: [{layer: 0, site: resid_pre, sae: sae-pre-0-topk}]
                masks: [content]
                rank: {by: density, top: 8}
                """),
        BundleJob(
            name: "partial",
            yaml: """
                name: partial
                base: base
                tuned: [{name: adapted, adapter: adapter}]
                prompts: {path: prompts.jsonl}
                hooks: [{layer: 2, sae: sae}]
                masks: [content]
                shard_tokens: 300
                rank: {by: prompt_delta, top: 8}
                permutations: 50
                """, failing: [1]),
    ]
}
