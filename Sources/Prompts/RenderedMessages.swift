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
            // Private-use characters, which no template contains.
            let marks = roles.indices.map { "\u{E000}\($0)\u{E001}" }
            let text = try tokenizer.render(
                zip(roles, marks).map { PromptMessage(role: $0, content: $1) },
                addGenerationPrompt: addGenerationPrompt)
            let bytes = Array(text.utf8)
            var found: [(message: Int, span: Range<Int>)] = []
            for (message, mark) in marks.enumerated() {
                let spans = Self.spans(of: Array(mark.utf8), in: bytes)
                guard let span = spans.first, spans.count == 1 else {
                    throw InputError(
                        place, expected: "a chat template that shows the content of message \(message) once",
                        found: spans.isEmpty ? "that it leaves it out" : "that it shows it \(spans.count) times")
                }
                found.append((message, span))
            }
            found.sort { $0.span.lowerBound < $1.span.lowerBound }
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

        private static func spans(of mark: [UInt8], in bytes: [UInt8]) -> [Range<Int>] {
            guard bytes.count >= mark.count else { return [] }
            return (0...(bytes.count - mark.count)).filter { bytes[$0...].starts(with: mark) }.map {
                $0..<($0 + mark.count)
            }
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
