import Models

/// The residual stream at one depth, as one or several variants of a model have it.
public struct ResidualStream {
    /// Blocks that have run: 0 is the embedding, L + 1 the output of block L.
    public let depth: Int
    /// The variants whose stream this is, ascending: 0 is the base, then come its adapters, then whole checkpoints. Variants
    /// share a stream up to the first block that differs between them.
    public let variants: [Int]
    /// [rows, width], row-major, the rows of the packed sequences; valid only during the visit.
    public let rows: UnsafeBufferPointer<Float>
    /// Floats of one row.
    public let width: Int

    /// A sequence's part of the stream, [tokens, width] row-major; `sequences` are those that were run.
    public func tokens(of sequence: Int, in sequences: PackedSequences) -> [Float] {
        sequences.rows(of: sequence).flatMap { rows[$0 * width..<($0 + 1) * width] }
    }
}

/// Something that runs a checkpoint, plain and with adapters, and others beside it up to given depths.
///
/// The one implementation today runs on the CPU; another device would be another conforming type.
public protocol Backend: AnyObject {
    /// The checkpoint's dimensions.
    var config: ModelConfig { get }

    /// What it takes of memory.
    var memory: ForwardMemory { get }

    /// Runs all variants over the sequences and visits their residual streams at each of `depths`, shallow first.
    ///
    /// `afterBlock` is called after each block that was computed, once for each stream; it may throw to give up. Nothing above the deepest
    /// depth is computed. Throws `InputError` for a token id outside the vocabulary.
    func run(
        _ sequences: PackedSequences, depths: Set<Int>, afterBlock: () throws -> Void,
        visit: (ResidualStream) throws -> Void) throws
}
