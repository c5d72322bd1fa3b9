import Diffing
import Transformers

extension ShardEvaluator {
    /// The residual streams of a shard at a hook, [tokens, width] row-major for the base and then each tuned checkpoint.
    public func residuals(_ work: ShardWork, hook: Int) throws -> [[Float]] {
        let depth = task.hooks[hook].point.blocksBelow
        var streams = Array(repeating: [Float](), count: task.checkpointCount)
        let sequences = PackedSequences(work.prompts.map(\.ids))
        try backend.run(sequences, depths: [depth], afterBlock: {}) { stream in
            let tokens = work.prompts.indices.flatMap { stream.tokens(of: $0, in: sequences) }
            for variant in stream.variants { streams[checkpoints[variant]] = tokens }
        }
        return streams
    }
}
