/// Tells, for each connection to the coordinator that ends, whether a client left or somebody failed to get in.
///
/// libzmq names a connection by its file descriptor, and only when it begins and when it ends. A connection that ends
/// before it said anything is a stranger's, unless a client with a key has come and said nothing yet.
struct ClientWatch {
    /// How a connection ended.
    enum End: Equatable {
        case ofClient
        case ofStranger(address: String)
        /// Of a stranger whose key the authenticator has reported.
        case told
    }

    private var addresses: [Int32: String] = [:]
    private var spoke: Set<Int32> = []
    /// Connections with a key that have said nothing yet. A message can arrive before its connection is reported.
    private var silent = 0
    /// Connections that were refused for their keys, and whose ends are not reported yet.
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
        case .handshakeFailed, .retrying, .listening: break
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
