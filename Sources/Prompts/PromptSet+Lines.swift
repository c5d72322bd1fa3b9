import Foundation
import Inputs

extension PromptSet.Reading {
    /// Takes a line that is not blank of a format with a prompt a line.
    mutating func add(_ text: String, line number: Int, _ format: PromptSet.Format) throws {
        if format == .jsonLines { try addJSON(text, number) } else { try addText(text, number) }
    }

    /// JSON Lines: `{"id", "text"}` or `{"id", "messages": [{"role", "content"}]}`, and perhaps `group`.
    private mutating func addJSON(_ text: String, _ number: Int) throws {
        let root = try Document(json: Data(text.utf8), file: file, line: number, limits: PromptLimits.json)
        try root.refuseKeys(outside: ["id", "group", "text", "messages"])
        try add(id: words(root.required("id")), group: group(of: root), line: number, body(of: root))
    }

    /// Plain text: a prompt a line, named after its line.
    private mutating func addText(_ text: String, _ number: Int) throws {
        let digits = String(number)
        let id = "line-" + String(repeating: "0", count: max(0, 4 - digits.count)) + digits
        try add(id: id, line: number, .text(text))
    }

    private func body(of root: Document) throws -> Prompt.Body {
        switch (try root.optional("text"), try root.optional("messages")) {
        case (let text?, nil): return .text(try words(text))
        case (nil, let messages?): return .messages(try self.messages(messages))
        case (nil, nil):
            throw InputError(root.place, expected: "one of the keys text and messages", found: "neither")
        default:
            throw InputError(root.place, expected: "one of the keys text and messages", found: "both")
        }
    }

    private func messages(_ value: Document) throws -> [PromptMessage] {
        let list = try value.list()
        guard !list.isEmpty else { throw InputError(value.place, expected: "at least one message", found: "none") }
        return try list.map { message in
            try message.refuseKeys(outside: ["role", "content"])
            let role = try message.required("role")
            guard let known = PromptMessage.Role(rawValue: try role.string()) else {
                throw role.error(
                    expected: "one of the roles " + PromptMessage.Role.allCases.map(\.rawValue).joined(separator: ", "))
            }
            return PromptMessage(role: known, content: try words(message.required("content")))
        }
    }
}
