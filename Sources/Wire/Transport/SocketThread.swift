import Foundation
import Inputs
import Synchronization

/// A thread that owns a control and a data socket, and moves messages between them and the rest of the process.
///
/// It blocks on nothing but its poll.
final class SocketThread: Sendable {
    /// What happens on the thread; these run there and must not block.
    struct Events: Sendable {
        /// A peer's message, of any number of frames.
        var received: @Sendable (PeerID, Socket.Message) -> Void
        var undeliverable: @Sendable (PeerID, ZeroMQError) -> Void
        /// What became of a connection, and on a client's side why there is no hope for it, where there is none.
        var connection: @Sendable (Channel, ConnectionEvent, _ refusal: InputError?) -> Void
        /// A socket has as many connections as it may have, and lets nobody else in until some end.
        var crowded: @Sendable (Channel, _ connections: Int) -> Void = { _, _ in }
        var failed: @Sendable (ZeroMQError) -> Void
        /// The sockets are closed, or could not be opened; the last that happens on the thread.
        var closed: @Sendable () -> Void
    }

    /// Where the sockets are bound or connected.
    let endpoints: Endpoints
    private let outbox: Outbox
    private let thread: pthread_t

    /// Opens both sockets on a new thread: a router binds, a dealer connects. Throws where that fails.
    init(
        name: String, side: SocketLoop.Side, endpoints: Endpoints, options: SocketOptions, context: Context,
        outbox: Outbox, events: Events
    ) throws(ZeroMQError) {
        let started = try Mailbox<Result<(Endpoints, pthread_t), ZeroMQError>>()
        let thread = Thread {
            defer {
                events.closed()
                outbox.finished.signal()
            }
            do throws(ZeroMQError) {
                var loop = try SocketLoop(
                    side, endpoints: endpoints, options: options, context: context, outbox: outbox, events: events)
                started.post(.success((loop.endpoints, pthread_self())))
                do throws(ZeroMQError) { try loop.run() } catch { events.failed(error) }
            } catch {
                started.post(.failure(error))
            }
        }
        thread.name = name
        thread.start()
        let results = started.takeAll(waiting: nil)
        guard let result = results.first else { throw ZeroMQError("start of \(name)", code: EAGAIN) }
        self.outbox = outbox
        (self.endpoints, self.thread) = try result.get()
    }

    /// Sends what is posted as far as the peers take it now, closes the sockets, and waits for the thread to end.
    func stop() {
        outbox.stop()
        // The last reference may go away in a closure that runs on the thread itself.
        if pthread_equal(pthread_self(), thread) == 0 { _ = outbox.finished.wait(until: nil) }
    }

    deinit {
        stop()
    }
}

/// What the rest of the process hands to a socket thread.
final class Outbox: Sendable {
    /// A message to send.
    struct Entry: Sendable {
        var peer: PeerID
        var bytes: [UInt8]
    }

    let entries: Mailbox<Entry>
    /// What servers said that they demand.
    let greetings: Mailbox<(channel: Channel, mechanism: String)>
    /// Signalled once the thread is done.
    let finished: WakeUp
    /// How long a server may take to say what it demands.
    private static let greetingPatience = Duration.seconds(2)
    private let stopping = Atomic(false)
    private let silent = Mutex<Set<Channel>>([])
    private let waiting = Atomic(0)

    init() throws(ZeroMQError) {
        entries = try Mailbox()
        greetings = try Mailbox()
        finished = try WakeUp()
    }

    func post(_ bytes: [UInt8], to peer: PeerID) {
        waiting.add(1, ordering: .relaxed)
        entries.post(Entry(peer: peer, bytes: bytes))
    }

    /// Messages posted and not yet handed to libzmq.
    var waitingCount: Int { waiting.load(ordering: .relaxed) }

    /// Tells that the thread is done with some messages.
    func leave(_ count: Int) {
        waiting.subtract(count, ordering: .relaxed)
    }

    /// Finds out what the server at an endpoint demands, on a thread that may wait for it.
    func ask(_ endpoint: String, for channel: Channel) {
        Thread.detachNewThread { [self] in
            guard let mechanism = ServerGreeting.mechanism(of: endpoint, within: Self.greetingPatience) else { return }
            greetings.post((channel, mechanism))
            entries.wakeUp.signal()
        }
    }

    /// Asks for a new connection in place of one that seems dead.
    func reconnect(_ channel: Channel) {
        silent.withLock { _ = $0.insert(channel) }
        entries.wakeUp.signal()
    }

    /// Whether a new connection was asked for; asked once.
    func takeReconnect(_ channel: Channel) -> Bool {
        silent.withLock { $0.remove(channel) != nil }
    }

    var isStopping: Bool { stopping.load(ordering: .acquiring) }

    func stop() {
        stopping.store(true, ordering: .releasing)
        entries.wakeUp.signal()
    }
}
