import Compute
import Models

/// How the weights of linear layers that read the same input stand in one matrix: one product computes them all.
extension LinearGroup {
    /// Columns of gate that stand together, followed by the same columns of up: SwiGLU combines them while both are in
    /// the cache.
    static let gateColumns = PackedMatrix.columnAlignment

    /// Columns of the group's matrix: all outputs, of gate and up rounded up to whole `gateColumns`.
    func columns(_ architecture: Architecture) -> Int {
        guard self == .feedForwardInput else {
            return architecture.linears(of: self).reduce(0) { $0 + architecture.outputWidth(of: $1) }
        }
        let width = architecture.feedForward.width
        return (width + Self.gateColumns - 1) / Self.gateColumns * Self.gateColumns * 2
    }

    /// The column of an output of the group's linear layer number `part`.
    func column(part: Int, output: Int, _ architecture: Architecture) -> Int {
        guard self == .feedForwardInput else {
            return architecture.linears(of: self).prefix(part).reduce(output) {
                $0 + architecture.outputWidth(of: $1)
            }
        }
        let (piece, place) = output.quotientAndRemainder(dividingBy: Self.gateColumns)
        return (2 * piece + part) * Self.gateColumns + place
    }
}
