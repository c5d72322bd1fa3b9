import Models

/// Runs a base checkpoint, the base with adapters, and whole checkpoints beside it, up to given layers.
///
/// The one implementation today runs on the CPU; another device would be another conforming type.
public protocol Backend: AnyObject {
    /// What the checkpoint is made of.
    var architecture: Architecture { get }

    /// What a request with these taps takes of memory.
    func memory(for taps: Set<Tap>) -> ForwardMemory

    /// Runs all variants over the sequences and visits what the request taps, lower layers first.
    ///
    /// `afterLayer` is called after each layer that was computed, once for each stream; it may throw to give up. No layer
    /// above the deepest tap is computed. Throws `InputError` for a token id outside the vocabulary.
    func run(_ request: ForwardRequest, afterLayer: () throws -> Void, visit: (TappedRows) throws -> Void) throws
}
