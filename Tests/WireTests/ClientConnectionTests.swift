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
}
