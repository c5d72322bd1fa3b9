import Compute

/// A way to compute a dictionary's activations of some rows. All ways give the same bits.
protocol EncodingMethod: AnyObject {
    /// The most rows that are given to it at once.
    var rowsPerPiece: Int { get }

    /// Called with the first prepared rows before these or others are encoded.
    func adapt(to x: Matrix, rows: Int, threads: Threads)

    /// Activations of `rows` prepared rows, on the calling thread, with scratch memory `thread`. Returns nil where a
    /// pre-activation is not finite.
    func encode(_ x: Matrix, rows: Int, thread: Int) -> Activations?
}
