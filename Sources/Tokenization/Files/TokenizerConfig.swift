import Foundation
import Inputs

/// What `tokenizer_config.json` and the files beside it add to `tokenizer.json`, read as transformers 5 does.
struct TokenizerConfig {
    /// The named special tokens, which are what a chat template sees of them.
    private static let names = [
        "bos_token", "eos_token", "unk_token", "sep_token", "pad_token", "cls_token", "mask_token",
    ]

    let files: [String]
    let chatTemplate: ChatTemplate?
    private let specialTokens: [String: String]
    /// Special tokens without a name.
    private let extraTokens: [String]
    /// Tokens of `added_tokens_decoder`.
    private let declared: [Document]
    /// Whether the text gets a first and a last token; nil where `tokenizer.json` decides.
    private let ends: (first: Bool, last: Bool)?

    init(folder: String) throws {
        func present(_ name: String) throws -> String? {
            let path = "\(folder)/\(name)"
            return try Presence.isThere(path) ? path : nil
        }
        var files: [String] = []
        var specialTokens: [String: String] = [:]
        var extraTokens: [String] = []
        var declared: [Document] = []
        var ends: (first: Bool, last: Bool)?
        var template: ChatTemplate?
        var source: (text: String, file: String)?
        if let path = try present("tokenizer_config.json") {
            files.append(path)
            let config = try Document(jsonFile: path)
            specialTokens = try Self.specialTokens(config)
            extraTokens = try Self.extraTokens(config)
            if let tokens = try config.optional("added_tokens_decoder") {
                declared = try tokens.object().keys.sorted().map { try tokens.required($0) }
            }
            let first = try config.optional("add_bos_token")?.bool()
            let last = try config.optional("add_eos_token")?.bool()
            if first != nil || last != nil { ends = (first ?? false, last ?? false) }
            source = try Self.defaultTemplate(config).map { ($0, path) }
        }
        if declared.isEmpty, let path = try present("special_tokens_map.json") {
            files.append(path)
            let map = try Document(jsonFile: path)
            specialTokens.merge(try Self.specialTokens(map)) { $1 }
            extraTokens += try Self.extraTokens(map)
        }
        if let path = try present("chat_template.jinja") {
            files.append(path)
            source = (
                String(decoding: try Document.contents(of: path, atMost: ChatTemplate.longest), as: UTF8.self), path
            )
        }
        if let source {
            template = ChatTemplate(deferring: source.text, file: source.file, specialTokens: specialTokens)
        }
        self.files = files
        self.specialTokens = specialTokens
        self.extraTokens = extraTokens
        self.declared = declared
        self.ends = ends
        chatTemplate = template
    }

    private static func specialTokens(_ document: Document) throws -> [String: String] {
        var tokens: [String: String] = [:]
        for name in names {
            tokens[name] = try document.optional(name).map(content)
        }
        return tokens
    }

    private static func extraTokens(_ document: Document) throws -> [String] {
        for key in ["extra_special_tokens", "additional_special_tokens"] {
            guard let tokens = try document.optional(key) else { continue }
            if case .object(let named) = tokens.value {
                return try named.keys.sorted().map { try content(tokens.required($0)) }
            }
            let contents = try tokens.list().map(content)
            if !contents.isEmpty { return contents }
        }
        return []
    }

    /// A token is written as its text, or as an object with its text and its flags.
    private static func content(_ token: Document) throws -> String {
        guard case .object = token.value else { return try token.string() }
        return try token.required("content").string()
    }

    /// A template, or the one named "default" of several.
    private static func defaultTemplate(_ config: Document) throws -> String? {
        guard let template = try config.optional("chat_template") else { return nil }
        guard case .array = template.value else { return try template.string() }
        for named in try template.list() where try named.required("name").string() == "default" {
            return try named.required("template").string()
        }
        return nil
    }

    /// Adds the special tokens that `tokenizer.json` does not list among its added tokens, so that they are found in a
    /// text. A token that the two files describe at odds is refused.
    func addMissing(to tokens: inout [AddedToken], _ model: BytePairModel) throws {
        var numbering = AddedTokenNumbering(model, tokens)
        let known = Set(tokens.map { Array($0.content.utf8) })
        for token in declared {
            let content = try token.required("content").string()
            guard known.contains(Array(content.utf8)) else {
                throw InputError(
                    token.place, expected: "a token that tokenizer.json has among its added_tokens",
                    found: "\"\(content)\"",
                    hint: "AutoTokenizer.from_pretrained(folder).save_pretrained(folder) writes files that agree")
            }
        }
        for content in Self.names.compactMap({ specialTokens[$0] }) + extraTokens where !content.isEmpty {
            guard !known.contains(Array(content.utf8)) else { continue }
            numbering.add(AddedToken(id: numbering.id(of: content), content: content))
        }
        tokens = numbering.tokens
    }

    /// `add_bos_token` and `add_eos_token` take the place of the post-processor where they are given.
    func postProcessors(
        _ own: [PostProcessor], _ tokens: [AddedToken], _ model: BytePairModel
    ) -> [PostProcessor] {
        guard let ends else { return own }
        let numbering = AddedTokenNumbering(model, tokens)
        func id(_ name: String, _ wanted: Bool) -> [UInt32] {
            guard wanted, let content = specialTokens[name] else { return [] }
            return [numbering.id(of: content)]
        }
        return [.surround(before: id("bos_token", ends.first), after: id("eos_token", ends.last))]
    }
}
