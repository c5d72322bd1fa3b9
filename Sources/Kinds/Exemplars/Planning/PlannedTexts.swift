import Inputs
import Prompts
import Tokenization

/// A job's texts as sequences of tokens, and where each comes from.
struct PlannedTexts {
    var sequences: [PromptTokens]
    /// Ids of prompts or documents.
    var documents: [String]
    /// By sequence.
    var windows: [TokenizedCorpus.Window]
    /// Of the file.
    var digest: Digest

    /// Reads and tokenises the texts of a job. Throws `InputError`.
    init(
        _ spec: ExemplarsSpec, tokenizer: Tokenizer, contextLength: Int, step: () throws -> Void
    ) throws {
        switch spec.texts {
        case .prompts(let path, let template, let adding, let mask):
            let set = try PromptSet(file: path.resolved)
            let rules = PromptRules(
                chatTemplate: template, addGenerationPrompt: adding, masks: [mask], skipFirst: spec.skipFirst)
            let prompts = try TokenizedPrompts(
                set, rules: rules, tokenizer: tokenizer, contextLength: contextLength, step: step)
            sequences = prompts.prompts
            documents = prompts.ids
            windows = prompts.ids.indices.map { .init(document: $0, start: 0, added: 0) }
            digest = set.digest
        case .corpus(let path, let field, let context):
            guard context <= contextLength else {
                throw InputError(
                    "corpus.context", expected: "at most \(contextLength), the model's context", found: "\(context)")
            }
            let corpus = try TokenizedCorpus(
                CorpusFile(path.resolved, field: field), context: context, skipFirst: spec.skipFirst,
                tokenizer: tokenizer, step: step)
            sequences = corpus.sequences
            documents = corpus.documents
            windows = corpus.windows
            digest = corpus.digest
        }
    }
}
