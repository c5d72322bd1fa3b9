import Foundation
import Inputs
import Prompts

/// What the fold needs besides task and shards.
struct ExemplarsRecord: Codable {
    var spec: ExemplarsSpec
    /// Of the file of texts.
    var texts: Digest
    var tokenizer: Digest
    /// Ids of prompts or documents.
    var documents: [String]
    /// By sequence.
    var windows: [TokenizedCorpus.Window]
    /// `VocabularyPieces.bytes`.
    var pieces: Data
    /// By hook, names of the latents that are asked for.
    var latentNames: [[String]?]
    /// By hook, digest of the manifest that the latents come from.
    var bundles: [Digest?]

    init(
        spec: ExemplarsSpec, texts: Digest, tokenizer: Digest, documents: [String],
        windows: [TokenizedCorpus.Window], pieces: Data, latentNames: [[String]?], bundles: [Digest?]
    ) {
        self.spec = spec
        self.texts = texts
        self.tokenizer = tokenizer
        self.documents = documents
        self.windows = windows
        self.pieces = pieces
        self.latentNames = latentNames
        self.bundles = bundles
    }

    /// Reads what `json` has written. Throws `InputError` for anything else.
    init(json bytes: [UInt8]) throws {
        do {
            self = try JSONDecoder().decode(Self.self, from: Data(bytes))
        } catch {
            throw InputError("the job's record", expected: "that of an exemplars job", found: "\(error)")
        }
    }

    /// Records are compared: the same content has the same bytes.
    func json() throws -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = .sortedKeys
        return Array(try encoder.encode(self))
    }
}
