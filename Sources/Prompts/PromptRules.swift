/// What a job says about turning prompts into tokens with masks.
public struct PromptRules: Sendable, Hashable, Codable {
    /// What turns messages into text.
    public enum ChatTemplate: String, Sendable, Hashable, Codable, CaseIterable {
        /// The chat template that comes with the base.
        case auto
        /// Nothing: prompts must be plain text.
        case none
    }
    public var chatTemplate: ChatTemplate
    /// End messages with the opening of an assistant's turn.
    public var addGenerationPrompt: Bool
    /// At most eight: a token's masks are the bits of one byte.
    public var masks: [TokenMask]
    /// Positions below this belong to no mask.
    public var skipFirst: Int

    /// Makes rules.
    public init(chatTemplate: ChatTemplate, addGenerationPrompt: Bool, masks: [TokenMask], skipFirst: Int) {
        self.chatTemplate = chatTemplate
        self.addGenerationPrompt = addGenerationPrompt
        self.masks = masks
        self.skipFirst = skipFirst
    }
}
