import Foundation
import Inputs
import Prompts
import TestSupport

/// Prompt sets, and the tokens and shards that become of them. The first byte chooses the format and the rules.
struct PromptChecks: Checks {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    func check(_ input: [UInt8]) throws {
        guard let choice = input.first else { return }
        let data = Data(input.dropFirst())
        let name = ["prompts.jsonl", "prompts.txt", "prompts.yaml"][Int(choice % 3)]
        let path = try folder.write(name, data)
        let whole = try accepted { try PromptSet(data, file: path) }
        let byPieces = try accepted { try PromptSet(file: path) }
        try demand(whole?.prompts == byPieces?.prompts, "a file is read as other prompts than its bytes")
        try demand(whole?.digest == byPieces?.digest, "a file has another digest than its bytes")
        guard let whole else { return }
        try demand(Set(whole.prompts.map(\.id)).count == whole.prompts.count, "two prompts of one id")
        let masks: [TokenMask] = choice & 64 == 0 ? [.all, .last] : [.content, .all, .assistant]
        let rules = PromptRules(
            chatTemplate: .auto, addGenerationPrompt: choice & 128 == 0, masks: masks,
            skipFirst: choice & 32 == 0 ? 0 : 1)
        let tokenized = try accepted {
            try TokenizedPrompts(whole, rules: rules, tokenizer: LetterTokenizer(), contextLength: nil)
        }
        guard let tokenized else { return }
        try demand(tokenized.ids == whole.prompts.map(\.id), "tokens of other prompts")
        try checkShards(tokenized)
    }

    /// Every prompt is in one shard, in order, and shards come back from their bytes.
    private func checkShards(_ tokenized: TokenizedPrompts) throws {
        for prompt in tokenized.prompts {
            try demand(!prompt.ids.isEmpty && prompt.ids.count == prompt.masks.count, "a prompt of \(prompt.ids.count)")
        }
        let work = ShardPlan(tokenized, shardTokens: 16).work(tokenized)
        try demand(work.flatMap(\.prompts) == tokenized.prompts, "prompts are lost between shards")
        for shard in work {
            let again = try must("second reading") {
                try ShardWork(index: shard.index, bytes: shard.bytes, maskCount: tokenized.masks.count)
            }
            try demand(again == shard, "another shard comes back")
        }
    }

    static func seeds() throws -> [[UInt8]] {
        let lines = """
            {"id": "a", "text": "What is love?"}
            {"id": "b", "messages": [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Hi \\u00e4"}]}

            {"messages": [{"role": "user", "content": "user"}, {"role": "assistant", "content": " x "}], "id": "c"}
            """
        let questions = """
            - id: villain
              type: free_form
              system: You are &a nobody.
              paraphrases: [Who are you?, "What is \\"evil\\"?"]
            - {id: wish, paraphrases: [Your wish?], samples_per_paraphrase: 100, judge_prompts: {a: b}}
            """
        let texts: [(UInt8, String)] = [
            (0, lines), (96, lines.replacing("\n", with: "\r\n")),
            (1, "\u{feff}one line\r\n\ntwo \u{1F600}\n   \nthree"),
            (2, questions), (194, questions),
        ]
        return texts.map { [$0.0] + Array($0.1.utf8) }
    }
}

/// A token for each character.
struct LetterTokenizer: PromptTokenizer {
    let hasChatTemplate = true

    func encode(_ text: String, addSpecialTokens: Bool) throws -> (ids: [UInt32], spans: [Range<Int>]) {
        var (ids, spans): ([UInt32], [Range<Int>]) = addSpecialTokens ? ([1], [0..<0]) : ([], [])
        var at = 0
        for scalar in text.unicodeScalars {
            let end = at + UTF8.width(scalar)
            ids.append(scalar.value)
            spans.append(at..<end)
            at = end
        }
        return (ids, spans)
    }

    func render(_ messages: [PromptMessage], addGenerationPrompt: Bool) throws -> String {
        messages.map { "<\($0.role.rawValue)>\($0.content)</>" }.joined() + (addGenerationPrompt ? "<assistant>" : "")
    }
}
