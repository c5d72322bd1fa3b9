/// Which tokens of a prompt count.
///
/// The first `skip_first` positions of a prompt belong to no mask at all: the first token collects attention, and its
/// residual would drown everything else.
public enum TokenMask: String, Sendable, Hashable, Codable, CaseIterable {
    /// Every token.
    case all
    /// Tokens whose characters lie inside a message's own content: no template tokens.
    case content
    /// Tokens inside the content of assistant messages.
    case assistant
    /// The last token alone.
    case last
}
