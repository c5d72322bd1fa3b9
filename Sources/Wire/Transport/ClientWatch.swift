/// What becomes of the connections of those who come to the coordinator: tells an end from a failure to get in.
///
/// libzmq names a connection by its file descriptor, and only when it begins and when it ends. One that ends before it
/// said anything, where nobody with a key has come and said nothing, is that of a stranger.
struct ClientWatch {
    /// How a connection ended.
    enum End: Equatable {
        case ofClient
        case ofStranger(address: String)
        /// That of a stranger whose key the authenticator has told of.
        case told
    }

    private var addresses: [Int32: String] = [:]
    private var spoke: Set<Int32> = []
    /// Connections with a key that have said nothing yet. A message may be taken before its connection is told of.
    private var silent = 0
    /// Connections refused for their keys, whose ends are still to be told.
    private var refused = 0

    /// A message came over a connection.
    mutating func heard(_ descriptor: Int32?) {
        guard let descriptor, spoke.insert(descriptor).inserted else { return }
        silent -= 1
    }

    /// Takes what became of a connection; how it ended, where it did.
    mutating func note(_ event: ConnectionEvent) -> End? {
        switch event {
        case .accepted(let descriptor):
            addresses[descriptor] = PeerAddress.of(descriptor)
        case .ready: silent += 1
        case .handshakeFailed(.unknownKey): refused += 1
        case .handshakeFailed, .retrying: break
        case .ended(let descriptor):
            let address = addresses.removeValue(forKey: descriptor)
            if spoke.remove(descriptor) != nil { return .ofClient }
            if refused > 0 {
                refused -= 1
                return .told
            }
            if silent > 0 {
                silent -= 1
                return .ofClient
            }
            return .ofStranger(address: address ?? "an unknown address")
        }
        return nil
    }
}
