/// What a shard comes to.
enum ExemplarsResult: Sendable, Hashable {
    /// By hook.
    case texts([HookExemplars])
    case geometry(HookGeometry)
}
