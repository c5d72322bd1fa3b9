import Foundation
import Prompts

/// Words and single characters as tokens; `<|…|>` is one token. Renders messages as ChatML.
struct WordTokenizer: PromptTokenizer {
    var hasChatTemplate = true
    /// Like the templates that trim contents.
    var trims = false
    /// Like a template that drops system messages.
    var dropsSystem = false
    /// Like a template that changes contents.
    var uppercases = false

    func encode(_ text: String, addSpecialTokens: Bool) throws -> (ids: [UInt32], spans: [Range<Int>]) {
        var (ids, spans): ([UInt32], [Range<Int>]) = addSpecialTokens ? ([1], [0..<0]) : ([], [])
        let bytes = Array(text.utf8)
        var at = 0
        while at < bytes.count {
            var end = at + 1
            if bytes[at...].starts(with: Array("<|".utf8)), let close = bytes[at...].firstIndex(of: UInt8(ascii: ">")) {
                end = close + 1
            } else if Self.isLetter(bytes[at]) {
                while end < bytes.count, Self.isLetter(bytes[end]) { end += 1 }
            }
            ids.append(bytes[at..<end].reduce(UInt32(7)) { ($0 &* 31 &+ UInt32($1)) % 50_000 })
            spans.append(at..<end)
            at = end
        }
        return (ids, spans)
    }

    func render(_ messages: [PromptMessage], addGenerationPrompt: Bool) throws -> String {
        let turns = messages.filter { !(dropsSystem && $0.role == .system) }.map { message in
            var content = message.content
            if trims { content = content.trimmingCharacters(in: .whitespacesAndNewlines) }
            if uppercases { content = content.uppercased() }
            return "<|im_start|>\(message.role.rawValue)\n\(content)<|im_end|>\n"
        }
        return turns.joined() + (addGenerationPrompt ? "<|im_start|>assistant\n" : "")
    }

    private static func isLetter(_ byte: UInt8) -> Bool {
        byte >= 0x80 || (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte | 0x20)
    }
}
