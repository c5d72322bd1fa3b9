import Inputs

/// A turn of a conversation.
public struct PromptMessage: Sendable, Hashable, Codable {
    /// Who speaks.
    public enum Role: String, Sendable, Hashable, Codable, CaseIterable {
        case system, user, assistant
    }
    public var role: Role
    /// Not blank.
    public var content: String

    /// Makes a message.
    public init(role: Role, content: String) {
        self.role = role
        self.content = content
    }
}

/// One prompt of a prompt set, before it is tokenised.
public struct Prompt: Sendable, Hashable {
    /// What a prompt can be made of.
    public enum Body: Sendable, Hashable {
        /// Plain text, tokenised as it stands.
        case text(String)
        /// Messages for the chat template.
        case messages([PromptMessage])
    }

    /// Unique within the set.
    public var id: String
    /// 1-based line in the file.
    public var line: Int
    public var body: Body

    /// Makes a prompt.
    public init(id: String, line: Int, body: Body) {
        self.id = id
        self.line = line
        self.body = body
    }
}
