import Models

/// A site of a layer, counted from 0.
public struct Tap: Sendable, Hashable, CustomStringConvertible {
    public var site: Site
    public var layer: Int

    /// Names a site of a layer.
    public init(_ site: Site, layer: Int) {
        self.site = site
        self.layer = layer
    }

    /// Layers that must run.
    public var layersNeeded: Int { site.layersNeeded(at: layer) }

    /// Such as `resid_post.15`.
    public var description: String { "\(site.rawValue).\(layer)" }
}

/// What a forward pass is to do.
public struct ForwardRequest: Sendable {
    public var sequences: PackedSequences
    /// What is visited.
    public var taps: Set<Tap>

    /// Asks for the rows of `sequences` at `taps`.
    public init(_ sequences: PackedSequences, taps: Set<Tap>) {
        self.sequences = sequences
        self.taps = taps
    }
}

/// The rows of one tap, as one or several variants of a model have them.
public struct TappedRows {
    public let tap: Tap
    /// The variants whose rows these are, ascending: 0 is the base, then come its adapters, then whole checkpoints.
    /// Variants share rows up to the first layer that differs between them.
    public let variants: [Int]
    /// [rows, width], row-major, the rows of the packed sequences; valid only during the visit.
    public let rows: UnsafeBufferPointer<Float>
    /// Floats of one row.
    public let width: Int

    /// A sequence's part of the rows, [tokens, width] row-major; `sequences` are those that were run.
    public func tokens(of sequence: Int, in sequences: PackedSequences) -> [Float] {
        sequences.rows(of: sequence).flatMap { rows[$0 * width..<($0 + 1) * width] }
    }
}
