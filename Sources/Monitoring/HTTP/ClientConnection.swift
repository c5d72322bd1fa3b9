import Glibc

/// One client: its request comes in, its answer goes out, nothing ever blocks. Closed when it is dropped.
final class ClientConnection {
    private enum State {
        case reading
        case sending([UInt8], from: Int)
        /// The answer is out. What the client still sends is read and dropped, as closing on unread bytes resets the
        /// connection and the answer may be lost with it.
        case lingering
        case over
    }

    /// Bytes of a refused request that are dropped politely.
    private static let mostLingeringBytes = 64 * 1024

    let descriptor: Int32
    /// When patience ends.
    let deadline: ContinuousClock.Instant
    private var state = State.reading
    private var received: [UInt8] = []
    private var dropped = 0

    /// Takes over a connected socket that does not block.
    init(_ descriptor: Int32, deadline: ContinuousClock.Instant) {
        self.descriptor = descriptor
        self.deadline = deadline
    }

    deinit {
        close(descriptor)
    }

    var isOver: Bool {
        if case .over = state { return true }
        return false
    }

    /// What to poll for.
    var events: Int16 {
        if case .sending = state { return Int16(POLLOUT) }
        return Int16(POLLIN)
    }

    /// Goes on as far as the socket allows.
    func advance(_ answer: (RequestHead) -> [UInt8]) {
        if case .reading = state { read(answer) }
        if case .sending(let bytes, let sent) = state { send(bytes, from: sent) }
        if case .lingering = state { linger() }
    }

    private func read(_ answer: (RequestHead) -> [UInt8]) {
        while case .reading = state {
            guard let bytes = receive() else { return }
            received += bytes
            switch RequestHead.read(received) {
            case .incomplete: break
            case .complete(let head): state = .sending(answer(head), from: 0)
            case .refused(let problem): state = .sending(StatusResponse(problem).bytes(), from: 0)
            }
        }
    }

    private func send(_ bytes: [UInt8], from start: Int) {
        var sent = start
        while sent < bytes.count {
            let count = bytes.withUnsafeBytes {
                Glibc.send(descriptor, $0.baseAddress?.advanced(by: sent), $0.count - sent, Int32(MSG_NOSIGNAL))
            }
            if count < 0 {
                if errno == EINTR { continue }
                state = errno == EAGAIN ? .sending(bytes, from: sent) : .over
                return
            }
            sent += count
        }
        _ = shutdown(descriptor, Int32(SHUT_WR))
        state = .lingering
    }

    private func linger() {
        while case .lingering = state, let bytes = receive() {
            dropped += bytes.count
            if dropped > Self.mostLingeringBytes { state = .over }
        }
    }

    /// The next bytes; nil where there are none now. At the end of the stream the connection is over.
    private func receive() -> [UInt8]? {
        var failure: Int32 = 0
        let bytes = [UInt8](unsafeUninitializedCapacity: 4096) { buffer, count in
            let received = recv(descriptor, buffer.baseAddress, buffer.count, 0)
            failure = received < 0 ? errno : 0
            count = max(0, received)
        }
        if !bytes.isEmpty { return bytes }
        if failure != EAGAIN, failure != EINTR { state = .over }
        return nil
    }
}
