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

    /// Unique within the set; within its group where there are groups, so that prompts of two groups can be a pair.
    public var id: String
    /// The part of the prompt set that it belongs to; all prompts of a set have one, or none.
    public var group: String?
    /// 1-based line in the file.
    public var line: Int
    public var body: Body

    /// Makes a prompt.
    public init(id: String, group: String? = nil, line: Int, body: Body) {
        self.id = id
        self.group = group
        self.line = line
        self.body = body
    }

    /// What tells it from all others of the set: `group/id` where there are groups, whose names have no slash.
    public var name: String { group.map { "\($0)/\(id)" } ?? id }
}
