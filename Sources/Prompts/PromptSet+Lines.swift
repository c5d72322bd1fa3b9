import Foundation
import Inputs

extension PromptSet.Reading {
    /// JSON Lines: `{"id", "text"}` or `{"id", "messages": [{"role", "content"}]}`.
    mutating func readJSONLines(_ text: String) throws {
        for (line, number) in lines(of: text) {
            let root = try Document(json: Data(line.utf8), file: file, line: number)
            try root.refuseKeys(outside: ["id", "text", "messages"])
            try add(id: words(root.required("id")), line: number, body(of: root))
        }
    }

    /// Plain text: a prompt a line, named after its line.
    mutating func readLines(_ text: String) throws {
        for (line, number) in lines(of: text) {
            let digits = String(number)
            let id = "line-" + String(repeating: "0", count: max(0, 4 - digits.count)) + digits
            try add(id: id, line: number, .text(line))
        }
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
