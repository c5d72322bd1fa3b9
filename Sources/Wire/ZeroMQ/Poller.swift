import CZeroMQ

/// Waits for sockets and file descriptors. The sockets must outlive it.
struct Poller {
    private var items: [zmq_pollitem_t] = []

    /// Adds a socket to wait for; the number is its place in `isReadable`.
    mutating func add(_ socket: borrowing Socket) -> Int {
        items.append(zmq_pollitem_t(socket: socket.handle, fd: 0, events: Int16(ZMQ_POLLIN), revents: 0))
        return items.count - 1
    }

    /// Adds what a watched socket tells of its connections.
    mutating func addEvents(of socket: borrowing Socket) -> Int {
        items.append(zmq_pollitem_t(socket: socket.monitor, fd: -1, events: Int16(ZMQ_POLLIN), revents: 0))
        return items.count - 1
    }

    /// Adds a wake-up to wait for.
    mutating func add(_ wakeUp: WakeUp) -> Int {
        items.append(zmq_pollitem_t(socket: nil, fd: wakeUp.descriptor, events: Int16(ZMQ_POLLIN), revents: 0))
        return items.count - 1
    }

    /// Whether `wait` ends, too, when the item can take a message.
    mutating func setWantsRoom(_ wantsRoom: Bool, at item: Int) {
        items[item].events = Int16(wantsRoom ? ZMQ_POLLIN | ZMQ_POLLOUT : ZMQ_POLLIN)
    }

    /// Blocks until something is ready or the time is up (nil: for ever); false when it is up.
    mutating func wait(until deadline: ContinuousClock.Instant? = nil) throws(ZeroMQError) -> Bool {
        while true {
            let milliseconds = deadline.map { ContinuousClock.now.duration(to: $0).pollMilliseconds } ?? -1
            let ready = zmq_poll(&items, Int32(items.count), Int(milliseconds))
            if ready > 0 { return true }
            if ready < 0, zmq_errno() != EINTR { throw ZeroMQError.last("poll") }
            if let deadline, ready == 0, ContinuousClock.now >= deadline { return false }
        }
    }

    /// Whether the last `wait` found something to read.
    func isReadable(_ item: Int) -> Bool {
        items[item].revents & Int16(ZMQ_POLLIN) != 0
    }
}

extension Duration {
    /// Whole milliseconds, rounded up, within what poll(2) takes; none for a time that has passed.
    var pollMilliseconds: Int32 {
        guard self > .zero else { return 0 }
        guard self < .seconds(1_000_000) else { return 1_000_000_000 }
        let (seconds, attoseconds) = components
        return Int32(seconds * 1000 + (attoseconds + 999_999_999_999_999) / 1_000_000_000_000_000)
    }
}
