import Glibc

/// One client: its request comes in, its answer goes out, and the connection ends, whatever else it says.
///
/// Every connection carries one request: the pages are few and their readers slow. Nothing here blocks.
final class StatusConnection {
    private enum State {
        case reading(RequestReader)
        /// Bytes of the answer, and how many of them are sent.
        case sending([UInt8], Int)
        /// The answer is out. What the client still sends is read and dropped: closing a socket with unread bytes
        /// resets the connection, and the answer may be lost with it.
        case lingering(dropped: Int)
        case over
    }

    /// Bytes of a refused request that are dropped politely.
    private static let mostLingeringBytes = 256 << 10

    let descriptor: Int32
    /// When the connection is given up, whatever its state.
    let deadline: ContinuousClock.Instant
    private let routes: StatusRoutes
    private var state = State.reading(RequestReader())

    /// Owns the descriptor, which does not block.
    init(_ descriptor: Int32, routes: StatusRoutes, deadline: ContinuousClock.Instant) {
        self.descriptor = descriptor
        self.routes = routes
        self.deadline = deadline
    }

    deinit { close(descriptor) }

    /// Whether there is nothing left to do but to close it.
    var isOver: Bool { if case .over = state { true } else { false } }

    /// What it waits for, in `poll`'s words.
    var events: Int16 { if case .sending = state { Int16(POLLOUT) } else { Int16(POLLIN) } }

    /// Does what can be done now, with this memory to read into.
    func proceed(_ buffer: UnsafeMutableRawBufferPointer) {
        switch state {
        case .reading(let reader): read(buffer, reader)
        case .sending(let answer, let sent): send(answer, from: sent)
        case .lingering(let dropped): drop(buffer, dropped)
        case .over: break
        }
    }

    private func read(_ buffer: UnsafeMutableRawBufferPointer, _ reader: RequestReader) {
        var reader = reader
        guard let count = receive(buffer) else { return }
        do throws(StatusProblem) {
            guard let head = try reader.take(buffer[..<count]) else { return state = .reading(reader) }
            answer(routes.answer(head), withBody: head.method != "HEAD")
        } catch {
            answer(StatusResponse(error), withBody: true)
        }
    }

    private func answer(_ response: StatusResponse, withBody: Bool) {
        send(Array(response.head.utf8) + (withBody ? response.body : []), from: 0)
    }

    private func send(_ answer: [UInt8], from first: Int) {
        let count = answer[first...].withUnsafeBytes {
            Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
        }
        guard count >= 0 else { return state = Self.isToRepeat(errno) ? .sending(answer, first) : .over }
        guard first + count == answer.count else { return state = .sending(answer, first + count) }
        shutdown(descriptor, Int32(SHUT_WR))
        state = .lingering(dropped: 0)
    }

    private func drop(_ buffer: UnsafeMutableRawBufferPointer, _ dropped: Int) {
        guard let count = receive(buffer) else { return }
        state = dropped + count > Self.mostLingeringBytes ? .over : .lingering(dropped: dropped + count)
    }

    /// How many bytes came; nil where none came yet, or none will come, and then it is over.
    private func receive(_ buffer: UnsafeMutableRawBufferPointer) -> Int? {
        let count = recv(descriptor, buffer.baseAddress, buffer.count, 0)
        if count > 0 { return count }
        if count == 0 || !Self.isToRepeat(errno) { state = .over }
        return nil
    }

    private static func isToRepeat(_ code: Int32) -> Bool { code == EAGAIN || code == EWOULDBLOCK || code == EINTR }
}
