import Foundation
import Inputs

/// The prompts of a job in file order, each knowing its line.
public struct PromptSet: Sendable {
    /// The file's name in error messages; of several files the first.
    public let file: String
    /// Of a set of several files.
    private let filesOfGroups: [String: String]
    /// SHA-256 of the file's bytes. Of several files: of a line for each, its group and the SHA-256 of its bytes.
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

    /// A file whose prompts are a group.
    public struct GroupFile: Sendable, Hashable {
        public var group: String
        public var path: String

        /// Names a file.
        public init(group: String, path: String) {
            (self.group, self.path) = (group, path)
        }
    }

    /// Reads several prompt sets, each of which becomes a group. The first prompts of all files come first, in the files' order,
    /// then the second ones: so pairs are near each other, whose differences a fold holds until both are there.
    public init(files: [GroupFile]) throws {
        let sets = try files.map { try PromptSet(file: $0.path) }
        for set in sets where set.groups != nil {
            throw InputError(
                set.file, expected: "prompts without groups, as the job names a group for the whole file",
                found: "groups")
        }
        let count = sets.reduce(0) { $0 + $1.prompts.count }
        guard count <= PromptLimits.prompts else {
            throw InputError(
                files.map(\.path).joined(separator: ", "), expected: "at most \(PromptLimits.prompts) prompts",
                found: "\(count)", hint: "split them into several jobs")
        }
        var prompts: [Prompt] = []
        for row in 0..<(sets.map(\.prompts.count).max() ?? 0) {
            for (file, set) in zip(files, sets) where row < set.prompts.count {
                var prompt = set.prompts[row]
                prompt.group = file.group
                prompts.append(prompt)
            }
        }
        self.prompts = prompts
        file = sets.first?.file ?? ""
        filesOfGroups = Dictionary(zip(files.map(\.group), sets.map(\.file))) { first, _ in first }
        digest = Digest(of: zip(files, sets).map { "\($0.group) \($1.digest)\n" }.joined())
    }

    private init(_ reading: Reading, _ digest: Digest) throws {
        guard !reading.prompts.isEmpty else {
            throw InputError(reading.file, expected: "at least one prompt", found: "none")
        }
        file = reading.file
        filesOfGroups = [:]
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
        "\(prompt.group.flatMap { filesOfGroups[$0] } ?? file):\(prompt.line): prompt \(prompt.name)"
    }

    /// The groups; nil where there are none.
    public var groups: PromptGroups? {
        let groups = prompts.compactMap(\.group)
        return groups.isEmpty ? nil : PromptGroups(groups)
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
        /// Lines of the prompts seen so far, by their names.
        private var seen: [String: Int] = [:]
        private var groups: Set<String> = []

        init(file: String) {
            self.file = file
        }

        /// Takes a prompt in unless its id was seen before, in its group where it has one.
        mutating func add(id: String, group: String? = nil, line: Int, _ body: Prompt.Body) throws {
            let prompt = Prompt(id: id, group: group, line: line, body: body)
            if let first = seen.updateValue(line, forKey: prompt.name) {
                throw InputError(
                    "\(file):\(line)",
                    expected: "an id that no other prompt \(group == nil ? "has" : "of its group has")",
                    found: "'\(prompt.name)', which line \(first) has")
            }
            try refuse(group, line)
            guard prompts.count < PromptLimits.prompts else {
                throw InputError(
                    "\(file):\(line)", expected: "at most \(PromptLimits.prompts) prompts", found: "more",
                    hint: "split the file into several jobs")
            }
            prompts.append(prompt)
        }

        /// Refuses a prompt with a group among others without, one without among others with one, and too many groups.
        private mutating func refuse(_ group: String?, _ line: Int) throws {
            if let first = prompts.first, (first.group == nil) != (group == nil) {
                throw InputError(
                    "\(file):\(line)",
                    expected:
                        "a prompt \(first.group == nil ? "without" : "with") a group, as the one in line \(first.line)",
                    found: group.map { "group '\($0)'" } ?? "none",
                    hint: "either all prompts of a job have a group, or none has")
            }
            guard let group, groups.insert(group).inserted, groups.count > PromptGroups.most else { return }
            throw InputError(
                "\(file):\(line)", expected: "at most \(PromptGroups.most) groups", found: "'\(group)' as one more")
        }

        /// The group under the key `group`; nil where there is none.
        func group(of entry: Document) throws -> String? {
            guard let value = try entry.optional("group") else { return nil }
            let group = try value.string()
            guard SafeName.isSafe(group) else {
                throw value.error(expected: SafeName.words, hint: "the name becomes part of columns' names")
            }
            return group
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
