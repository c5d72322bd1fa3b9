import Prompts
import Transformers

/// The rows of a shard that have a token under a mask, and the places of each prompt's tokens among them.
///
/// Prompts may share a row and mask it differently: it is encoded if any of them asks for it.
public struct MaskedRows {
    /// Rows of the packed sequences, ascending, each once.
    public let rows: [Int]
    /// `tokens[prompt]`: for each token whose mask bits are not zero, in order, its place in `rows` and those bits.
    public let tokens: [[(place: Int, mask: UInt8)]]

    /// `sequences` are the ids of `prompts`, in the same order.
    public init(_ prompts: [PromptTokens], in sequences: PackedSequences) {
        var places = Array(repeating: -1, count: sequences.ids.count)
        let masked = prompts.enumerated().map { index, prompt in
            zip(sequences.rows(of: index), prompt.masks).filter { $0.1 != 0 }
        }
        for (row, _) in masked.joined() { places[row] = 0 }
        rows = places.indices.filter { places[$0] == 0 }
        for (place, row) in rows.enumerated() { places[row] = place }
        tokens = masked.map { $0.map { (places[$0.0], $0.1) } }
    }
}
