import Inputs

/// Messages after the chat template, and where each message's content stands in the text.
///
/// Searching the text for a content would find the word `user` in the template's own header. So the same roles are
/// rendered once more with placeholders for contents. What stands round the placeholders is the template's. The real
/// text must be exactly that with the contents in between: as they are, or without the white space at their ends for
/// templates that trim.
struct RenderedMessages {
    let text: String
    /// For each message the UTF-8 bytes of its content.
    let contents: [Range<Int>]

    /// The template's own text round the contents of some roles.
    struct Frame {
        /// One more than messages: before the first content, between contents, after the last.
        let pieces: [[UInt8]]
        /// Messages in the order in which the template puts them.
        let order: [Int]

        /// Renders `roles` with placeholders. `place` is for error messages.
        init(roles: [PromptMessage.Role], addGenerationPrompt: Bool, tokenizer: some PromptTokenizer, place: String)
            throws
        {
            let text = try tokenizer.render(
                roles.enumerated().map { PromptMessage(role: $1, content: Self.mark(of: $0)) },
                addGenerationPrompt: addGenerationPrompt)
            let bytes = Array(text.utf8)
            let found = Self.marks(in: bytes, of: roles.count)
            var times = [Int](repeating: 0, count: roles.count)
            for (message, _) in found { times[message] += 1 }
            if let message = times.firstIndex(where: { $0 != 1 }) {
                throw InputError(
                    place, expected: "a chat template that shows the content of message \(message) once",
                    found: times[message] == 0 ? "that it leaves it out" : "that it shows it \(times[message]) times")
            }
            var pieces: [[UInt8]] = []
            var at = 0
            for (_, span) in found {
                pieces.append(Array(bytes[at..<span.lowerBound]))
                at = span.upperBound
            }
            pieces.append(Array(bytes[at...]))
            self.pieces = pieces
            order = found.map(\.message)
        }

        // Private-use characters, which no template contains.
        private static let (opening, closing) = ("\u{E000}", "\u{E001}")

        /// The placeholder for a message's content.
        private static func mark(of message: Int) -> String { "\(opening)\(message)\(closing)" }

        /// All placeholders of so many messages, in the order of the text, found in one pass over it.
        private static func marks(in bytes: [UInt8], of messages: Int) -> [(message: Int, span: Range<Int>)] {
            let (opening, closing) = (Array(opening.utf8), Array(closing.utf8))
            var found: [(message: Int, span: Range<Int>)] = []
            var at = 0
            while let begin = bytes[at...].firstIndex(of: opening[0]) {
                at = begin + 1
                guard bytes[begin...].starts(with: opening) else { continue }
                let digits = bytes[(begin + opening.count)...].prefix { UInt8(ascii: "0")...UInt8(ascii: "9") ~= $0 }
                guard let message = Int(String(decoding: digits, as: UTF8.self)), message < messages,
                    digits.elementsEqual("\(message)".utf8), bytes[digits.endIndex...].starts(with: closing)
                else { continue }
                at = digits.endIndex + closing.count
                found.append((message, begin..<at))
            }
            return found
        }
    }

    /// Renders `messages`, which have the roles of `frame`. `place` is for error messages.
    init(
        _ messages: [PromptMessage], frame: Frame, addGenerationPrompt: Bool, tokenizer: some PromptTokenizer,
        place: String
    ) throws {
        text = try tokenizer.render(messages, addGenerationPrompt: addGenerationPrompt)
        let bytes = Array(text.utf8)
        var contents = [Range<Int>](repeating: 0..<0, count: messages.count)
        var at = frame.pieces[0].count
        var matches = bytes.starts(with: frame.pieces[0])
        for (message, after) in zip(frame.order, frame.pieces.dropFirst()) where matches {
            let whole = Array(messages[message].content.utf8)
            let candidates = [whole, Self.trimmed(messages[message].content)]
            let content = candidates.first { bytes[at...].starts(with: $0 + after) }
            contents[message] = at..<(at + (content?.count ?? 0))
            at += (content?.count ?? 0) + after.count
            matches = content != nil
        }
        guard matches, at == bytes.count else {
            throw InputError(
                place, expected: "every message's content word for word in what the chat template makes of it",
                found: "text in which it is changed or left out",
                hint: "render the text yourself and give it under the key text")
        }
        self.contents = contents
    }

    /// The UTF-8 bytes without white space at both ends.
    private static func trimmed(_ content: String) -> [UInt8] {
        var scalars = content.unicodeScalars[...]
        while scalars.first?.properties.isWhitespace == true { scalars.removeFirst() }
        while scalars.last?.properties.isWhitespace == true { scalars.removeLast() }
        return Array(String(scalars).utf8)
    }
}
