import Transformers

extension HookPoint {
    /// What the forward pass must visit for this hook.
    public var tap: Tap { Tap(site, layer: layer) }
}
