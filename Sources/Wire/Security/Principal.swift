/// What a key is for.
public enum KeyRole: String, Sendable, Hashable, CaseIterable {
    /// Clients know the coordinator by it; it gives no rights.
    case coordinator
    /// May compute shards and deliver their results.
    case worker
    /// May submit, look at, cancel and fetch jobs.
    case `operator`
}

/// Who a peer is by the key that it proved to have. What it says of itself, its routing id included, is never asked.
public struct Principal: Sendable, Hashable, CustomStringConvertible {
    /// `worker` or `operator`.
    public let role: KeyRole
    /// The name in the list of allowed keys.
    public let name: String
    /// The public key.
    public let key: PublicKey

    /// Makes one.
    public init(role: KeyRole, name: String, key: PublicKey) {
        self.role = role
        self.name = name
        self.key = key
    }

    /// For logs, such as `worker node7 (key M5H=x8B*…)`.
    public var description: String { "\(role.rawValue) \(name) (key \(key.beginning)…)" }
}

extension MessageToCoordinator {
    /// The one role that may send it.
    var role: KeyRole {
        if case .request = self { .operator } else { .worker }
    }
}
