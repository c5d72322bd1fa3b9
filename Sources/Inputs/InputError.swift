/// What is wrong with something that came from outside: a file, a key, a line, a message or the command line.
///
/// The text always answers four questions: where, what was expected, what was found, what to do.
public struct InputError: Error, Sendable, Hashable, Codable, CustomStringConvertible {
    /// What kind of failure it is; decides the exit status of a command.
    public enum Kind: String, Sendable, Hashable, Codable, CaseIterable {
        /// The command line cannot be understood.
        case usage
        /// A file's content is not what its format or the job requires.
        case badData
        /// No coordinator answers.
        case unreachable
        /// A resource was not to be had now; trying again may help.
        case temporary
        /// The peer refused these credentials.
        case authentication
        /// The configuration, or the versions of two parts, do not fit together.
        case configuration

        /// The exit status of a process that ends with this error (sysexits.h numbers, see ARCHITECTURE.md).
        public var exitStatus: Int32 {
            switch self {
            case .usage: 64
            case .badData: 65
            case .unreachable: 69
            case .temporary: 75
            case .authentication: 77
            case .configuration: 78
            }
        }
    }

    public var kind: Kind
    /// File, and key, line or tensor inside it, such as `model/config.json: hidden_size`.
    public var place: String
    /// What would have been right.
    public var expected: String
    /// What was there instead.
    public var found: String
    /// What to do about it; may be empty.
    public var hint: String

    /// Makes an error; `kind` is `badData` unless told otherwise.
    public init(_ place: String, expected: String, found: String, hint: String = "", kind: Kind = .badData) {
        self.kind = kind
        self.place = place
        self.expected = expected
        self.found = found
        self.hint = hint
    }

    /// Runs `body`, whose errors about data are errors about how the program is set up: for files of configuration.
    public static func configuration<Value>(_ body: () throws -> Value) throws -> Value {
        do {
            return try body()
        } catch var error as InputError where error.kind == .badData {
            error.kind = .configuration
            throw error
        }
    }

    /// One line, and a second one for the hint, whatever the fields hold.
    public var description: String {
        let what = [place, expected, found].map(Printable.line)
        return "\(what[0]): expected \(what[1]), found \(what[2])"
            + (hint.isEmpty ? "" : "\n  hint: \(Printable.line(hint))")
    }
}
