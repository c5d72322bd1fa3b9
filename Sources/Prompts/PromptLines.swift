import Inputs

/// What a prompt set with a prompt a line may have. All prompts of a job are kept in memory.
enum PromptLimits {
    /// Bytes of the file: some 250 million tokens, which no cluster of CPUs computes in a year.
    static let fileBytes = 1 << 30
    /// Each takes some hundred bytes besides its text.
    static let prompts = 1 << 22
    /// Bytes of a line: four million tokens, more than any model's context.
    static let lineBytes = 16 << 20
    /// A conversation has five values a message.
    static let json = JSONLimits(bytes: lineBytes, values: 1 << 20)
}

/// Cuts a text that comes piece by piece into lines, and keeps the one that is not ended yet.
///
/// Lines end with LF or CRLF. A byte order mark at the start is passed over.
struct PromptLines {
    private static let mark: [UInt8] = [0xEF, 0xBB, 0xBF]

    private let file: String
    /// 1-based.
    private var number = 1
    private var line: [UInt8] = []

    init(file: String) {
        self.file = file
    }

    /// Takes the next piece; calls `body` with each line that ends in it and is not blank, and its number. Throws
    /// `InputError` for a line that is too long or no UTF-8.
    mutating func take(_ piece: UnsafeRawBufferPointer, _ body: (String, Int) throws -> Void) throws {
        var rest = piece[...]
        while let end = rest.firstIndex(of: UInt8(ascii: "\n")) {
            try keep(rest[..<end])
            try finish(body)
            number += 1
            line.removeAll(keepingCapacity: line.count < 1 << 16)
            rest = rest[(end + 1)...]
        }
        try keep(rest)
    }

    private mutating func keep(_ bytes: Slice<UnsafeRawBufferPointer>) throws {
        guard line.count + bytes.count <= PromptLimits.lineBytes else {
            throw InputError(
                "\(file):\(number)", expected: "lines of at most \(PromptLimits.lineBytes) bytes",
                found: "a longer one",
                hint: "no model has a context as long")
        }
        line.append(contentsOf: bytes)
    }

    /// Gives the line that the text so far ends with to `body`, unless it is blank.
    func finish(_ body: (String, Int) throws -> Void) throws {
        var bytes = line[...]
        if number == 1, bytes.starts(with: Self.mark) { bytes = bytes.dropFirst(Self.mark.count) }
        if bytes.last == UInt8(ascii: "\r") { bytes = bytes.dropLast() }
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw InputError("\(file):\(number)", expected: "UTF-8 text", found: "bytes that are not UTF-8")
        }
        guard !text.unicodeScalars.allSatisfy(\.properties.isWhitespace) else { return }
        try body(text, number)
    }
}
