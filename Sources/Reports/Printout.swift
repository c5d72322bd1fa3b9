import Inputs

/// What a command has to print: text for people, or data for programs and nothing else.
public enum Printout: Sendable, Hashable {
    /// Lines for a terminal.
    case text(String)
    /// Comma-separated values: the titles, then the rows, all of their length.
    case csv([[String]])
    case json(Document.Value)

    /// In which of the three forms.
    public enum Form: String, Sendable, Hashable, CaseIterable {
        case table, csv, json
    }
}
