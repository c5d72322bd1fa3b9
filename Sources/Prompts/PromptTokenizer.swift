import Inputs
import Tokenization

/// What turning prompts into tokens needs of a checkpoint's tokenizer.
public protocol PromptTokenizer: Sendable {
    /// True when the checkpoint comes with a chat template.
    var hasChatTemplate: Bool { get }

    /// Token ids, and for each the UTF-8 bytes of `text` it stands for; empty for a token that stands for no text.
    func encode(_ text: String, addSpecialTokens: Bool) throws -> (ids: [UInt32], spans: [Range<Int>])

    /// The chat template's text for `messages`.
    func render(_ messages: [PromptMessage], addGenerationPrompt: Bool) throws -> String
}

extension Tokenizer: PromptTokenizer {
    public var hasChatTemplate: Bool { chatTemplate != nil }

    public func encode(_ text: String, addSpecialTokens: Bool) throws -> (ids: [UInt32], spans: [Range<Int>]) {
        let encoding: Encoding = try encode(text, addSpecialTokens: addSpecialTokens)
        return (encoding.ids, encoding.spans)
    }

    public func render(_ messages: [PromptMessage], addGenerationPrompt: Bool) throws -> String {
        guard let chatTemplate else {
            throw InputError("chat template", expected: "one in the checkpoint", found: "none")
        }
        return try chatTemplate.render(
            messages.map { ChatMessage(role: $0.role.rawValue, content: $0.content) },
            addGenerationPrompt: addGenerationPrompt)
    }
}
