import Foundation
import Inputs

/// One text of a corpus.
public struct CorpusDocument: Sendable, Hashable {
    /// What names it: its `id` where the file gives one, otherwise its line or row.
    public var id: String
    public var text: String
    /// For error messages.
    public var place: String
}

/// A file of texts: documents that nobody wrote as prompts.
public struct CorpusFile: Sendable {
    /// How the texts stand in the file; its extension says which.
    public enum Format: Sendable, Hashable {
        /// `.jsonl`: an object a line, with the text under a key.
        case jsonLines
        /// `.csv`: a header, then a row for each text, in a column.
        case csv
        /// `.txt`: the whole file is one text.
        case text
    }

    public let path: String
    public let format: Format
    /// The key or column with the text.
    public let field: String

    /// Throws `InputError` for an extension that stands for no format.
    public init(_ path: String, field: String) throws {
        self.path = path
        self.field = field
        switch (path as NSString).pathExtension.lowercased() {
        case "jsonl": format = .jsonLines
        case "csv": format = .csv
        case "txt": format = .text
        case let other:
            throw InputError(
                path, expected: "a corpus named .jsonl, .csv or .txt",
                found: other.isEmpty ? "no extension" : ".\(other)",
                hint: other == "parquet"
                    ? "pandas.read_parquet(FILE).to_json(NEW, orient='records', lines=True) converts it" : "")
        }
    }

    /// Gives every document that is not blank to `take`, in file order. Returns the digest of the file's bytes. Throws
    /// `InputError` with file and line, and what `take` throws.
    public func read(_ take: (CorpusDocument) throws -> Void) throws -> Digest {
        let file = try InputFile(path)
        guard file.size <= PromptLimits.fileBytes else {
            throw InputError(
                path, expected: "a corpus of at most \(PromptLimits.fileBytes) bytes", found: "\(file.size) bytes",
                hint: "split it into several jobs")
        }
        switch format {
        case .jsonLines:
            var lines = PromptLines(file: path)
            let digest = try Digest(of: file) { piece in
                try lines.take(piece) { try take(json($0, line: $1)) }
            }
            try lines.finish { try take(json($0, line: $1)) }
            return digest
        case .csv:
            let data = try file.contents()
            try rows(of: data, take)
            return data.withUnsafeBytes { Digest(of: $0) }
        case .text:
            let data = try file.contents()
            let text = try PromptSet.text(data, file: path)
            if Self.saysSomething(text) {
                try take(CorpusDocument(id: (path as NSString).lastPathComponent, text: text, place: path))
            }
            return data.withUnsafeBytes { Digest(of: $0) }
        }
    }

    private static func saysSomething(_ text: String) -> Bool {
        !text.unicodeScalars.allSatisfy(\.properties.isWhitespace)
    }

    /// Other keys than the text's and `id` are passed over: corpora carry all kinds of notes.
    private func json(_ line: String, line number: Int) throws -> CorpusDocument {
        let root = try Document(json: Data(line.utf8), file: path, line: number, limits: PromptLimits.json)
        let text = try root.required(field).string()
        let id: String =
            switch try root.optional("id")?.value {
            case .string(let id)?: id
            case .integer(let id)?: "\(id)"
            default: "line-\(number)"
            }
        return CorpusDocument(id: id, text: text, place: "\(path):\(number)")
    }

    private func rows(of data: Data, _ take: (CorpusDocument) throws -> Void) throws {
        var reader = CSVReader(Array(try PromptSet.text(data, file: path).utf8), file: path)
        guard let header = try reader.row() else {
            throw InputError(path, expected: "a header with the names of the columns", found: "nothing")
        }
        guard let column = header.fields.firstIndex(of: field) else {
            throw InputError(
                "\(path):\(header.line)", expected: "a column '\(field)'",
                found: header.fields.map { "'\($0)'" }.joined(separator: ", "),
                hint: Suggestion.hint(for: field, among: header.fields))
        }
        let ids = header.fields.firstIndex(of: "id")
        while let row = try reader.row() {
            guard row.fields.count == header.fields.count else {
                throw InputError(
                    "\(path):\(row.line)", expected: "\(header.fields.count) fields, as in the header",
                    found: "\(row.fields.count)")
            }
            let text = row.fields[column]
            guard Self.saysSomething(text) else { continue }
            try take(
                CorpusDocument(
                    id: ids.map { row.fields[$0] } ?? "line-\(row.line)", text: text, place: "\(path):\(row.line)"))
        }
    }
}
