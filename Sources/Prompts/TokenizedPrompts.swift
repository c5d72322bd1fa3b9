import Inputs

/// The prompts of a job as workers see them, in file order: token ids, and which mask each token belongs to.
public struct TokenizedPrompts: Sendable, Hashable {
    /// Prompt ids.
    public let ids: [String]
    public let prompts: [PromptTokens]
    /// The job's masks; bit `m` of a token stands for `masks[m]`.
    public let masks: [TokenMask]
    /// Nil where the prompt set has none.
    public let groups: PromptGroups?

    /// Puts together prompts that are already tokenised; one id a prompt, which is unique within its group.
    public init(ids: [String], prompts: [PromptTokens], masks: [TokenMask], groups: PromptGroups? = nil) {
        self.ids = ids
        self.groups = groups
        self.prompts = prompts
        self.masks = masks
    }

    /// Tokenises a prompt set by the job's rules.
    ///
    /// Messages go through the chat template and are encoded without further special tokens; plain text is encoded with
    /// them, and all of it is content. Throws `InputError` with file and line for a prompt that has more tokens than
    /// `contextLength`, has no token under one of the masks, or needs a chat template that is not there. `step` is called for
    /// each prompt; what it throws ends that.
    public init(
        _ set: PromptSet, rules: PromptRules, tokenizer: some PromptTokenizer, contextLength: Int?,
        step: () throws -> Void = {}
    ) throws {
        var frames: [[PromptMessage.Role]: RenderedMessages.Frame] = [:]
        var tokenized: [PromptTokens] = []
        for (index, prompt) in set.prompts.enumerated() {
            try step()
            let place = set.place(of: prompt)
            let coded = try Coded(prompt, place: place, rules: rules, tokenizer: tokenizer, frames: &frames)
            if let contextLength, coded.ids.count > contextLength {
                throw InputError(
                    place, expected: "at most \(contextLength) tokens, the model's context",
                    found: "\(coded.ids.count) tokens",
                    hint: "shorten the prompt; the context is what the base checkpoint's own files say")
            }
            let bits = try coded.maskBits(rules: rules, place: place)
            tokenized.append(PromptTokens(index: index, ids: coded.ids, masks: bits))
        }
        self.init(ids: set.prompts.map(\.id), prompts: tokenized, masks: rules.masks, groups: set.groups)
    }

    /// Tokens of each prompt that belong to mask number `mask`.
    public func tokenCounts(mask: Int) -> [UInt32] {
        prompts.map { prompt in prompt.masks.reduce(0) { $0 + UInt32($1 >> UInt8(mask) & 1) } }
    }

    /// Tokens in all prompts, masked or not.
    public var tokenCount: Int { prompts.reduce(0) { $0 + $1.ids.count } }
}

/// One prompt's tokens and what their characters belong to.
private struct Coded {
    let ids: [UInt32]
    /// For each token whether it lies inside a content, and inside an assistant's.
    let content: [Bool]
    let assistant: [Bool]

    init(
        _ prompt: Prompt, place: String, rules: PromptRules, tokenizer: some PromptTokenizer,
        frames: inout [[PromptMessage.Role]: RenderedMessages.Frame]
    ) throws {
        let spans: [Range<Int>]
        switch prompt.body {
        case .text(let text):
            (ids, spans) = try tokenizer.encode(text, addSpecialTokens: true)
            content = spans.map { !$0.isEmpty }
            assistant = spans.map { _ in false }
        case .messages(let messages):
            try Self.requireTemplate(rules.chatTemplate, tokenizer, place)
            let roles = messages.map(\.role)
            let adding = rules.addGenerationPrompt
            let frame =
                try frames[roles]
                ?? RenderedMessages.Frame(
                    roles: roles, addGenerationPrompt: adding, tokenizer: tokenizer, place: place)
            frames[roles] = frame
            let rendered = try RenderedMessages(
                messages, frame: frame, addGenerationPrompt: adding, tokenizer: tokenizer, place: place)
            (ids, spans) = try tokenizer.encode(rendered.text, addSpecialTokens: false)
            let all = ContentRanges(rendered.contents)
            content = spans.map(all.contain)
            let assistants = ContentRanges(zip(rendered.contents, roles).filter { $0.1 == .assistant }.map(\.0))
            assistant = spans.map(assistants.contain)
        }
    }

    private static func requireTemplate(
        _ template: PromptRules.ChatTemplate, _ tokenizer: some PromptTokenizer, _ place: String
    ) throws {
        guard template == .auto else {
            throw InputError(
                place, expected: "plain text, because the job says chat_template: none", found: "messages",
                hint: "give the prompt under the key text, or say chat_template: auto")
        }
        guard tokenizer.hasChatTemplate else {
            throw InputError(
                place, expected: "a chat template in the base checkpoint", found: "messages, but no template",
                hint: "give the prompt under the key text, or add chat_template to tokenizer_config.json")
        }
    }

    /// A byte a token; throws when a mask is left without a token.
    func maskBits(rules: PromptRules, place: String) throws -> [UInt8] {
        var bits = [UInt8](repeating: 0, count: ids.count)
        for (number, mask) in rules.masks.enumerated() {
            var count = 0
            for token in ids.indices.dropFirst(rules.skipFirst) where belongs(token, to: mask) {
                bits[token] |= 1 << UInt8(number)
                count += 1
            }
            guard count > 0 else {
                throw InputError(
                    place, expected: "a token under the mask '\(mask.rawValue)'",
                    found: "none among \(ids.count) tokens, of which the first \(rules.skipFirst) never count",
                    hint: "leave the prompt out, or the mask")
            }
        }
        return bits
    }

    private func belongs(_ token: Int, to mask: TokenMask) -> Bool {
        switch mask {
        case .all: true
        case .content: content[token]
        case .assistant: assistant[token]
        case .last: token == ids.count - 1
        }
    }
}
