import Inputs

@testable import Tokenization

/// What must hold for a tokenizer that was opened, of whatever form.
enum TokenizerDemands {
    static func check(_ tokenizer: Tokenizer, texts: [String]) throws {
        for file in tokenizer.files { try demand(try Presence.isThere(file), "no such file: \(file)") }
        for text in texts {
            let plain = try encode(text, tokenizer, addSpecialTokens: false)
            let special = try encode(text, tokenizer, addSpecialTokens: true)
            guard let plain, let special else { continue }
            try demand(special.ids.count >= plain.ids.count, "special tokens took others away")
        }
        if let template = tokenizer.chatTemplate { try TemplateDemands.check(template) }
    }

    private static func encode(
        _ text: String, _ tokenizer: Tokenizer, addSpecialTokens: Bool
    ) throws -> Tokenizer.Encoding? {
        let encoding: Tokenizer.Encoding? = try accepted {
            try tokenizer.encode(
                text, addSpecialTokens: addSpecialTokens, patternSteps: PatternChecks.patternSteps)
        }
        guard let encoding else { return nil }
        let bytes = Array(text.utf8)
        try demand(encoding.ids.count == encoding.spans.count, "ids without spans")
        for (id, span) in zip(encoding.ids, encoding.spans) {
            try demand(0 <= span.lowerBound && span.upperBound <= bytes.count, "span \(span) of \(bytes.count) bytes")
            for end in [span.lowerBound, span.upperBound] where end < bytes.count {
                try demand(bytes[end] & 0xC0 != 0x80, "span \(span) cuts a character")
            }
            try demand(span.isEmpty || Int(id) < tokenizer.vocabularySize, "id \(id) of \(tokenizer.vocabularySize)")
            _ = tokenizer.token(id)
        }
        return encoding
    }
}

/// What must hold for a chat template that was parsed.
enum TemplateDemands {
    private static let messages = [
        ChatMessage(role: "system", content: "Be brief."), ChatMessage(role: "user", content: " Hi,\n{{ you }} \u{e4}"),
        ChatMessage(role: "assistant", content: "Yes?"), ChatMessage(role: "user", content: "x"),
    ]

    /// A sixty-fourth of what users have, as for the steps of patterns.
    private static let base = TemplateBudget.base >> 6

    /// Renders the same twice.
    static func check(_ template: ChatTemplate, from first: Int = 0, adding: Bool = true) throws {
        let messages = Array(messages.dropFirst(first))
        let once = try accepted { try template.render(messages, addGenerationPrompt: adding, base: base) }
        guard let once, once.utf8.count < 1 << 16 else { return }
        let again = try accepted { try template.render(messages, addGenerationPrompt: adding, base: base) }
        try demand(again == once, "a template renders differently the second time")
    }
}
