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
        try self.init(Document.contents(of: path), file: path)
    }

    /// Parses a prompt set's bytes; the format comes from the extension of `file`.
    public init(_ data: Data, file: String) throws {
        let text = try Self.text(data, file: file)
        var reading = Reading(file: file)
        switch (file as NSString).pathExtension.lowercased() {
        case "jsonl": try reading.readJSONLines(text)
        case "txt": try reading.readLines(text)
        case "yaml", "yml": try reading.readQuestions(text)
        case let other:
            throw InputError(
                file, expected: "a prompt set named .jsonl, .txt, .yaml or .yml",
                found: other.isEmpty ? "no extension" : ".\(other)")
        }
        guard !reading.prompts.isEmpty else {
            throw InputError(file, expected: "at least one prompt", found: "none")
        }
        self.file = file
        digest = data.withUnsafeBytes { Digest(of: $0) }
        prompts = reading.prompts
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

        /// The lines that are not blank with their 1-based numbers; lines end with LF or CRLF.
        func lines(of text: String) -> [(text: String, number: Int)] {
            let rows = text.unicodeScalars.split(separator: "\n", omittingEmptySubsequences: false)
            return rows.enumerated().compactMap { index, row in
                let row = row.last == "\r" ? row.dropLast() : row
                return row.allSatisfy(\.properties.isWhitespace) ? nil : (String(row), index + 1)
            }
        }
    }
}
