import Foundation
import Inputs
import Tokenization

/// What each token of a vocabulary stands for, in bytes.
struct VocabularyPieces {
    /// By id; nil where the tokenizer has no token.
    private let pieces: [[UInt8]?]

    private static let longest = 1 << 16
    private static let mostIDs = 1 << 24

    /// All tokens of a tokenizer.
    init(_ tokenizer: Tokenizer) {
        pieces = (0..<tokenizer.vocabularySize).map { tokenizer.bytes(of: UInt32($0)) }
    }

    /// Reads what `bytes` has written. Throws `ByteError` for anything else.
    init(_ bytes: Data) throws {
        var reader = ByteReader(Array(bytes))
        pieces = try reader.list("pieces", limit: Self.mostIDs) { reader in
            try reader.optional("a piece") { try $0.array("a piece", limit: Self.longest) }
        }
        try reader.end("pieces")
    }

    /// The pieces as bytes. Throws `InputError` for a token that is too long.
    func bytes() throws -> Data {
        do {
            var writer = ByteWriter()
            try writer.list(pieces, "pieces", limit: Self.mostIDs) { writer, piece in
                try writer.optional(piece) { try $0.array($1, "a piece", limit: Self.longest) }
            }
            return Data(writer.bytes)
        } catch let error as ByteError {
            throw error.inputError("the tokenizer")
        }
    }

    /// Ids that have a token: pairs of the first and one behind the last.
    var ranges: [[Int]] {
        var ranges: [[Int]] = []
        for id in pieces.indices where pieces[id] != nil {
            if let last = ranges.last, last[1] == id {
                ranges[ranges.count - 1][1] = id + 1
            } else {
                ranges.append([id, id + 1])
            }
        }
        return ranges
    }

    /// The bytes of a token; none for an id without one.
    func piece(_ id: Int) -> [UInt8] {
        pieces.indices.contains(id) ? pieces[id] ?? [] : []
    }
}
