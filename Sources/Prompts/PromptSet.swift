import Foundation
import Inputs

/// The prompts of a job in file order, each knowing its line.
public struct PromptSet: Sendable {
    /// The file's name in error messages.
    public let file: String
    /// SHA-256 of the file's bytes.
    public let digest: Digest
    /// At least one.
    public let prompts: [Prompt]

    /// Reads a prompt set; the file's extension says which format it has. Throws `InputError` with file and line.
    public init(file path: String) throws {
        let format = try Format(path)
        if format == .questions {
            try self.init(Document.contents(of: path, atMost: Document.mostYAMLBytes), file: path)
            return
        }
        let file = try InputFile(path)
        guard file.size <= PromptLimits.fileBytes else {
            throw InputError(
                path, expected: "a prompt set of at most \(PromptLimits.fileBytes) bytes",
                found: "\(file.size) bytes", hint: "split it into several jobs")
        }
        var reading = Reading(file: path)
        var lines = PromptLines(file: path)
        let digest = try Digest(of: file) { piece in
            try lines.take(piece) { try reading.add($0, line: $1, format) }
        }
        try lines.finish { try reading.add($0, line: $1, format) }
        try self.init(reading, digest)
    }

    /// Parses a prompt set's bytes; the format comes from the extension of `file`.
    public init(_ data: Data, file: String) throws {
        let format = try Format(file)
        var reading = Reading(file: file)
        if format == .questions {
            try reading.readQuestions(Self.text(data, file: file))
        } else {
            var lines = PromptLines(file: file)
            try data.withUnsafeBytes { try lines.take($0) { try reading.add($0, line: $1, format) } }
            try lines.finish { try reading.add($0, line: $1, format) }
        }
        try self.init(reading, data.withUnsafeBytes { Digest(of: $0) })
    }

    private init(_ reading: Reading, _ digest: Digest) throws {
        guard !reading.prompts.isEmpty else {
            throw InputError(reading.file, expected: "at least one prompt", found: "none")
        }
        file = reading.file
        self.digest = digest
        prompts = reading.prompts
    }

    /// How the prompts stand in the file.
    enum Format {
        case jsonLines
        case lines
        case questions

        /// The format that the extension of `file` stands for.
        init(_ file: String) throws {
            switch (file as NSString).pathExtension.lowercased() {
            case "jsonl": self = .jsonLines
            case "txt": self = .lines
            case "yaml", "yml": self = .questions
            case let other:
                throw InputError(
                    file, expected: "a prompt set named .jsonl, .txt, .yaml or .yml",
                    found: other.isEmpty ? "no extension" : ".\(other)")
            }
        }
    }

    /// Where a prompt stands, for error messages.
    public func place(of prompt: Prompt) -> String {
        "\(file):\(prompt.line): prompt \(prompt.id)"
    }

    /// Decodes strict UTF-8, with or without a byte order mark; names the line of the first wrong byte.
    public static func text(_ data: Data, file: String) throws -> String {
        let mark: [UInt8] = [0xEF, 0xBB, 0xBF]
        let bytes = data.starts(with: mark) ? data.dropFirst(mark.count) : data
        if let text = String(validating: bytes, as: UTF8.self) { return text }
        var line = 1
        for row in bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false) {
            guard String(validating: row, as: UTF8.self) != nil else { break }
            line += 1
        }
        throw InputError("\(file):\(line)", expected: "UTF-8 text", found: "bytes that are not UTF-8")
    }

    /// A prompt set that is being read.
    struct Reading {
        let file: String
        var prompts: [Prompt] = []
        /// Lines of the ids seen so far.
        private var seen: [String: Int] = [:]

        init(file: String) {
            self.file = file
        }

        /// Takes a prompt in unless its id was seen before.
        mutating func add(id: String, line: Int, _ body: Prompt.Body) throws {
            if let first = seen.updateValue(line, forKey: id) {
                throw InputError(
                    "\(file):\(line)", expected: "an id that no other prompt has",
                    found: "'\(id)', which line \(first) has")
            }
            guard prompts.count < PromptLimits.prompts else {
                throw InputError(
                    "\(file):\(line)", expected: "at most \(PromptLimits.prompts) prompts", found: "more",
                    hint: "split the file into several jobs")
            }
            prompts.append(Prompt(id: id, line: line, body: body))
        }

        /// The value as text with something in it besides white space.
        func words(_ value: Document) throws -> String {
            let text = try value.string()
            guard !text.allSatisfy(\.isWhitespace) else {
                throw InputError(value.place, expected: "text", found: text.isEmpty ? "nothing" : "white space alone")
            }
            return text
        }
    }
}
