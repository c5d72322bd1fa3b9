import Foundation
import Inputs

extension PromptSet.Reading {
    /// What the published question files say besides the question: how answers are sampled and judged.
    private static let evaluationKeys: Set<String> = [
        "type", "samples_per_paraphrase", "temperature", "max_tokens", "judge", "judge_prompts", "judge_type",
        "n_samples", "meta",
    ]

    /// Evaluation questions in the style of the emergent misalignment paper (Betley et al., 2025): a list of mappings
    /// with `id`, `paraphrases` and perhaps `system` and `group`. Paraphrase `n` becomes the prompt `id/n`, a user message after
    /// the system message. Keys about sampling and judging answers have no bearing here and are passed over.
    mutating func readQuestions(_ text: String) throws {
        let root = try Document(yaml: text, file: file)
        for question in try root.list() {
            try question.refuseKeys(
                outside: Self.evaluationKeys.union(["id", "group", "paraphrases", "system"]),
                hint: "what could change the prompt is not passed over")
            let id = try words(question.required("id"))
            let group = try group(of: question)
            let system = try question.optional("system").map {
                PromptMessage(role: .system, content: try words($0))
            }
            let paraphrases = try question.required("paraphrases")
            let list = try paraphrases.list()
            guard !list.isEmpty else {
                throw InputError(paraphrases.place, expected: "at least one paraphrase", found: "none")
            }
            for (number, paraphrase) in list.enumerated() {
                let user = PromptMessage(role: .user, content: try words(paraphrase))
                // An alias has the line of its anchor, so the prompt takes the question's line.
                try add(
                    id: "\(id)/\(number)", group: group, line: question.line ?? 1,
                    .messages([system, user].compactMap { $0 }))
            }
        }
    }
}
