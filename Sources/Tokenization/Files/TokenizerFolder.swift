import Foundation
import Inputs

extension Tokenizer {
    /// Reads `tokenizer.json` in a model folder, with `tokenizer_config.json`, `special_tokens_map.json` and
    /// `chat_template.jinja` where they are. Throws `InputError` for anything that byte-level BPE does not cover.
    public init(folder: String) throws {
        let path = folder + "/tokenizer.json"
        guard try Presence.isThere(path) else {
            throw InputError(
                path, expected: "a tokenizer.json", found: "no such file",
                hint: "a folder that has only vocab.json and merges.txt, or tokenizer.model, can be converted with "
                    + "AutoTokenizer.from_pretrained(folder).save_pretrained(folder)")
        }
        let config = try TokenizerConfig(folder: folder)
        let file = try TokenizerFile(Document(jsonFile: path))
        var added = try file.addedTokens()
        try config.addMissing(to: &added, file.model)
        try self.init(
            TokenizerParts(
                model: file.model, normalizer: try file.normalizer(), addedTokens: added,
                preTokenizers: try file.preTokenizers(),
                postProcessors: try config.postProcessors(file.postProcessors(), added, file.model),
                chatTemplate: config.chatTemplate, files: [path] + config.files))
    }
}

/// `tokenizer.json` as Hugging Face tokenizers writes it (version 1.0).
struct TokenizerFile {
    let model: BytePairModel
    let document: Document

    init(_ document: Document) throws {
        self.document = document
        if let version = try document.optional("version"), try version.string() != "1.0" {
            throw version.error(expected: "\"1.0\"")
        }
        for key in ["truncation", "padding"] {
            if let setting = try document.optional(key) {
                throw setting.error(
                    expected: "null", hint: "it would change every prompt's ids; set \"\(key)\" to null in the file")
            }
        }
        model = try Self.model(document.required("model"))
    }

    private static func model(_ model: Document) throws -> BytePairModel {
        let type = try model.optional("type")
        guard try type == nil || type?.string() == "BPE" else {
            throw try model.required("type").error(
                expected: "\"BPE\"", hint: "only byte-level BPE tokenizers are supported")
        }
        for (key, neutral) in [
            ("dropout", Document.Value.number(0)), ("continuing_subword_prefix", .string("")),
            ("end_of_word_suffix", .string("")), ("byte_fallback", .bool(false)),
        ] {
            if let setting = try model.optional(key), setting.value != neutral, setting.value != .integer(0) {
                throw setting.error(expected: "null", hint: "only byte-level BPE tokenizers are supported")
            }
        }
        let vocabulary = try vocabulary(model.required("vocab"))
        let merges = try merges(model.required("merges"))
        let bytePairs = try BytePairModel(
            vocabulary: vocabulary, merges: merges.pairs,
            ignoresMerges: try model.optional("ignore_merges")?.bool() ?? false
        ) { merges.places.isEmpty ? "" : merges.places[$0] }
        // Without one of its bytes a word would get the unknown token, which byte-level models do not use.
        if let unknown = try model.optional("unk_token"), let byte = bytePairs.missingByte {
            throw InputError(
                unknown.place, expected: "a vocabulary with every byte, or no unknown token",
                found: "no entry for the byte \(byte)",
                hint: "only byte-level BPE tokenizers are supported")
        }
        return bytePairs
    }

    /// Ids that no entry has, beside one for each entry: known files leave out a few. Each takes as much memory as an entry.
    private static let mostUnusedIDs = 1 << 16

    private static func vocabulary(_ document: Document) throws -> [(token: String, id: UInt32)] {
        let members = try document.object()
        let ids = 0..<min(BytePairModel.largestVocabulary, 2 * members.count + mostUnusedIDs)
        var tokens = [String?](repeating: nil, count: ids.count)
        return try members.map { token, value in
            guard case .integer(let id) = value, ids.contains(id) else {
                throw InputError(
                    "\(document.place).\(token)",
                    expected: "an id from 0 to \(ids.upperBound - 1) in a vocabulary of \(members.count) entries",
                    found: "\(value)")
            }
            if let other = tokens[id] {
                throw InputError(
                    "\(document.place).\(max(token, other))", expected: "an id of its own",
                    found: "\(id), which '\(min(token, other))' has")
            }
            tokens[id] = token
            return (token, UInt32(id))
        }
    }

    /// Merges are pairs, or in older files strings with a blank in between; `#version` lines do not count.
    private static func merges(_ document: Document) throws -> (pairs: [(String, String)], places: [String]) {
        guard case .array(let elements) = document.value else { throw document.error(expected: "a list") }
        var pairs: [(String, String)] = []
        var places: [String] = []
        for (index, element) in elements.enumerated() {
            let place = "\(document.place)[\(index)]"
            switch element {
            case .array(let list):
                guard list.count == 2, case .string(let left) = list[0], case .string(let right) = list[1] else {
                    throw InputError(place, expected: "a pair of strings", found: "\(element)")
                }
                pairs.append((left, right))
            case .string(let line):
                if line.utf8.starts(with: "#version".utf8) { continue }
                guard let pair = BytePairModel.pair(line) else {
                    throw InputError(place, expected: "two entries with one blank between them", found: "\(element)")
                }
                pairs.append(pair)
            default:
                throw InputError(place, expected: "a pair of strings", found: "\(element)")
            }
            places.append(place)
        }
        return (pairs, places)
    }

    /// Added tokens get the id of their vocabulary entry, or else the next free one; a file that says otherwise would
    /// be read differently by the tokenizers library, and is refused.
    func addedTokens() throws -> [AddedToken] {
        var numbering = AddedTokenNumbering(model)
        for entry in try document.optional("added_tokens")?.list() ?? [] {
            let content = try entry.required("content").string()
            guard !content.isEmpty else { continue }
            func flag(_ key: String) throws -> Bool { try entry.required(key).bool() }
            let id = numbering.id(of: content)
            guard try entry.required("id").integer() == Int(id) else {
                throw try entry.required("id").error(
                    expected: "\(id)",
                    hint: "the tokenizers library gives \"\(content)\" the id \(id), whatever the file says")
            }
            numbering.add(
                AddedToken(
                    id: id, content: content, singleWord: try flag("single_word"), stripsLeft: try flag("lstrip"),
                    stripsRight: try flag("rstrip"), normalized: try flag("normalized")))
        }
        return numbering.tokens
    }

    func normalizer() throws -> Normalizer {
        guard let document = try document.optional("normalizer") else { return .none }
        return try Self.normalizer(document)
    }

    private static func normalizer(_ document: Document) throws -> Normalizer {
        let type = try document.required("type")
        switch try type.string() {
        case "NFC": return .nfc
        case "Sequence":
            let steps = try document.required("normalizers").list().map(normalizer)
            return steps.contains(.nfc) ? .nfc : .none
        default:
            throw type.error(
                expected: "\"NFC\" or \"Sequence\"", hint: "SentencePiece-style tokenizers are not supported yet")
        }
    }
}
