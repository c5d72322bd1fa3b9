import Testing
@testable import Wire

@Suite struct ClientConnectionTests {
    @Test("A connection that was given up for a while is made anew, whatever libzmq still says about it")
    func lateRetry() {
        var connection = ClientConnection(endpoint: "tcp://127.0.0.1:1", keys: nil)
        for _ in 0..<5 {
            connection.note(.handshakeFailed(.brokenOff))
            connection.note(.ended(7))
        }
        let pauses = [connection.takePause(), connection.takePause()]
        #expect(pauses == [true, false], "once")
        connection.note(.retrying)
        #expect(connection.reconnectAt != nil)
    }

    @Test("A connection that libzmq tries again is left to it")
    func retry() {
        var connection = ClientConnection(endpoint: "tcp://127.0.0.1:1", keys: nil)
        connection.note(.ready)
        connection.note(.ended(7))
        #expect(connection.reconnectAt != nil)
        connection.note(.retrying)
        #expect(connection.reconnectAt == nil)
    }

    @Test("Who is hung up on again and again asks what the server demands, and believes an answer that explains it")
    func puzzle() throws {
        let keys = ClientKeys(own: try KeyPair.random(), server: try KeyPair.random().publicKey)
        for (keys, contrary, agreeing) in [(nil, "CURVE", "NULL"), (keys, "NULL", "CURVE")] {
            var connection = ClientConnection(endpoint: "tcp://127.0.0.1:1", keys: keys)
            for failure in 1...5 {
                #expect(!connection.isPuzzling)
                connection.learn(mechanism: contrary)
                #expect(connection.refusal == nil, "after \(failure - 1) failures")
                connection.note(.handshakeFailed(.brokenOff))
            }
            #expect(connection.isPuzzling && connection.refusal == nil)
            connection.learn(mechanism: agreeing)
            connection.learn(mechanism: "nonsense")
            #expect(connection.isPuzzling && connection.refusal == nil)
            connection.learn(mechanism: contrary)
            #expect(!connection.isPuzzling && connection.refusal?.kind == .authentication)
            connection.note(.ready)
            connection.learn(mechanism: contrary)
            #expect(connection.refusal == nil)
        }
    }
}
