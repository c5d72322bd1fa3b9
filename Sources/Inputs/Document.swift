import Foundation

/// A value in a JSON or YAML document that knows where it stands, so that every complaint names file, line and key.
public struct Document: Sendable {
    /// What a value can be.
    public indirect enum Value: Sendable, Hashable {
        case null
        case bool(Bool)
        case integer(Int)
        case number(Double)
        case string(String)
        case array([Document.Value])
        case object([String: Document.Value])
    }

    /// The file the document came from.
    public let file: String
    /// The way from the root to this value, such as `hooks[0].layer`; empty at the root.
    public let key: String
    public let value: Value
    /// 1-based lines by key path where the parser tells them (YAML); the root's own line stands under "" (JSONL).
    private let lines: [String: Int]

    /// Wraps a value that is already parsed.
    public init(file: String, key: String = "", lines: [String: Int] = [:], value: Value) {
        self.file = file
        self.key = key
        self.lines = lines
        self.value = value
    }

    /// The value's line, where it is known.
    public var line: Int? { lines[key] ?? lines[""] }

    /// A value below this one.
    func member(_ key: String, _ value: Value) -> Document {
        Document(file: file, key: key, lines: lines, value: value)
    }

    /// Parses JSON text. Throws `InputError` for malformed text, for an object that has a name twice, and for what exceeds
    /// `limits`.
    public init(json data: Data, file: String, line: Int? = nil, limits: JSONLimits = .standard) throws {
        try data.withUnsafeBytes { try limits.check($0, place: Self.place(file: file, line: line, key: "")) }
        do {
            let value = try JSONSerialization.jsonObject(with: data, options: .fragmentsAllowed)
            self.init(file: file, lines: line.map { ["": $0] } ?? [:], value: try Value(json: value))
        } catch {
            throw InputError(
                Self.place(file: file, line: line, key: ""), expected: "valid JSON", found: Self.explain(error))
        }
        if let repeated = RepeatedNames.first(in: data) {
            throw InputError(
                Self.place(file: file, line: line, key: repeated.key), expected: "every name once",
                found: "'\(repeated.name)' twice")
        }
    }

    /// Reads and parses a JSON file.
    public init(jsonFile path: String) throws {
        try self.init(json: Document.contents(of: path, atMost: JSONLimits.standard.bytes), file: path)
    }

    /// No file that is read whole is larger.
    public static let mostBytes = 2 << 30

    /// Reads a whole file of at most `most` bytes, 2 GiB unless told otherwise. Throws `InputError` with the system's reason.
    public static func contents(of path: String, atMost most: Int = mostBytes) throws -> Data {
        let file = try InputFile(path)
        guard file.size <= most else {
            throw InputError(
                path, expected: "a file of at most \(most) bytes", found: "\(file.size) bytes",
                hint: "no honest file of this kind is as large")
        }
        return try file.contents()
    }

    static func place(file: String, line: Int?, key: String) -> String {
        (line.map { "\(file):\($0)" } ?? file) + (key.isEmpty ? "" : ": \(key)")
    }

    private static func explain(_ error: any Error) -> String {
        (error as NSError).userInfo[NSDebugDescriptionErrorKey] as? String ?? "\(error)"
    }
}

extension Document.Value: CustomStringConvertible {
    /// A short rendering for error messages.
    public var description: String {
        switch self {
        case .null: "null"
        case .bool(let flag): "\(flag)"
        case .integer(let whole): "\(whole)"
        case .number(let number): "\(number)"
        case .string(let text): "\"\(text.prefix(80))\""
        case .array(let list): "a list of \(list.count)"
        case .object(let members): "a mapping of \(members.count) keys"
        }
    }
}
