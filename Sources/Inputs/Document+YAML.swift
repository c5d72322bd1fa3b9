import Foundation
import Yams

extension Document {
    /// Values a YAML document may expand to; anchors are resolved, so that a small file could otherwise become huge.
    private static let mostYAMLValues = 1_000_000
    /// Bytes of a YAML file: job files and published questions have some kilobytes.
    public static let mostYAMLBytes = 16 << 20

    /// Reads and parses a YAML file (one document; anchors and aliases are resolved, duplicate keys refused).
    public init(yamlFile path: String) throws {
        try self.init(
            yaml: String(decoding: Document.contents(of: path, atMost: Self.mostYAMLBytes), as: UTF8.self), file: path)
    }

    /// Parses YAML text; `file` is its name in error messages.
    public init(yaml text: String, file: String) throws {
        do {
            try YAMLEvents.check(text, limit: Self.mostYAMLValues)
        } catch {
            throw InputError(
                Self.place(file: file, line: error.line, key: ""), expected: error.expected, found: error.found)
        }
        let root: Node?
        do {
            root = try Yams.compose(yaml: text)
        } catch {
            throw Self.error(error, file: file)
        }
        guard let root else { throw InputError(file, expected: "a YAML document", found: "an empty file") }
        var reading = Reading(file: file)
        let value = try reading.value(of: root, key: "")
        self.init(file: file, lines: reading.lines, value: value)
    }

    /// What the parser complains of, with its line.
    private static func error(_ error: any Error, file: String) -> InputError {
        let (line, found): (Int?, String) =
            switch error as? YamlError {
            case .scanner(_, let problem, let mark, _), .parser(_, let problem, let mark, _),
                .composer(_, let problem, let mark, _):
                (mark.line, problem)
            case .duplicatedKeysInMapping(let keys, let context):
                (context.mark.line, "the key '\(keys.first ?? "")' for the second time")
            default: (nil, "\(error)")
            }
        return InputError(place(file: file, line: line, key: ""), expected: "valid YAML", found: found)
    }

    /// One walk over the parsed nodes.
    private struct Reading {
        let file: String
        var lines: [String: Int] = [:]

        mutating func value(of node: Node, key: String) throws -> Value {
            if let mark = node.mark { lines[key] = mark.line }
            switch node {
            case .scalar:
                return scalar(node)
            case .sequence(let elements):
                return .array(
                    try elements.enumerated().map { try value(of: $0.element, key: "\(key)[\($0.offset)]") })
            case .mapping(let pairs):
                var members: [String: Value] = [:]
                for (name, element) in pairs {
                    guard let name = name.string else {
                        throw InputError(
                            place(file: file, line: name.mark?.line, key: key), expected: "a name as a key",
                            found: "a list or a mapping")
                    }
                    members[name] = try value(of: element, key: key.isEmpty ? name : "\(key).\(name)")
                }
                return .object(members)
            case .alias:
                throw InputError(
                    place(file: file, line: node.mark?.line, key: key), expected: "a value", found: "an alias")
            }
        }

        private func scalar(_ node: Node) -> Value {
            // A time of day is no number: Yams takes 12:30 for 750, as YAML 1.1 has it, and what is too large for an Int
            // ends the process.
            if let text = node.string, text.contains(":") { return .string(text) }
            return switch node.tag.description {
            case Tag.Name.null.rawValue: .null
            case Tag.Name.bool.rawValue: node.bool.map(Value.bool) ?? .string(node.string ?? "")
            case Tag.Name.int.rawValue: node.int.map(Value.integer) ?? .string(node.string ?? "")
            case Tag.Name.float.rawValue: node.float.map(Value.number) ?? .string(node.string ?? "")
            default: .string(node.string ?? "")
            }
        }
    }
}
