import Foundation
import TestSupport
import Tokenization

/// Chat templates. The first byte chooses the conversation.
struct TemplateChecks: Checks {
    private static let specialTokens = ["bos_token": "<s>", "eos_token": "</s>"]

    func check(_ input: [UInt8]) throws {
        guard let choice = input.first else { return }
        let source = String(decoding: input.dropFirst(), as: UTF8.self)
        let template = try accepted {
            try ChatTemplate(source: source, file: "template", specialTokens: Self.specialTokens)
        }
        guard let template else { return }
        try TemplateDemands.check(template, from: Int(choice >> 1 & 1), adding: choice & 1 == 1)
    }

    /// Templates of models, and lines with every part of the language.
    static func seeds() throws -> [[UInt8]] {
        let goldens = try JSONDecoder().decode(
            Goldens.self, from: Data(Repository.bytes("Tests/TokenizationTests/Goldens/templates.json")))
        return (goldens.templates + goldens.lines).enumerated().map { [UInt8($0 % 4)] + Array($1.source.utf8) }
    }

    private struct Goldens: Decodable {
        struct Template: Decodable { var source: String }
        var templates: [Template]
        var lines: [Template]
    }
}
