import Cluster
import Foundation
import Inputs
import Wire

/// Results on their way from a worker to a coordinator, with all that belongs to it: messages with checksums, the
/// sockets' threads, credit, and keys where there are some.
struct PartStream {
    /// Bytes that may be on their way, as `CoordinatorConfig.workerCredit` has it.
    private static let credit = 4 << 20

    private enum Event {
        case part(PeerID, Int)
        case problem(String)
    }

    private let keys: (server: ServerKeys, client: ClientKeys)?

    init(keys: (server: ServerKeys, client: ClientKeys)? = nil) {
        self.keys = keys
    }

    /// Sends `count` parts, `pieces` in turn; the seconds from the first one's arrival to the last one's.
    func seconds(_ pieces: [[UInt8]], count: Int) throws -> Double {
        let inbox = try Mailbox<Event>()
        let grants = try Mailbox<Int>()
        let router = try RouterThread(
            bind: Endpoints(control: "tcp://127.0.0.1:*", data: "tcp://127.0.0.1:*"), keys: keys?.server,
            deliver: {
                guard case .part(let part) = $0.message else { return }
                inbox.post(.part($0.peer, part.bytes.count))
            },
            report: { inbox.post(.problem("\($0)")) })
        defer { router.stop() }
        let dealer = try DealerThread(
            connect: router.endpoints, keys: keys?.client,
            deliver: { message, _ in if case .credit(let bytes) = message { grants.post(bytes) } },
            report: { inbox.post(.problem("\($0)")) })
        defer { dealer.stop() }
        let ended = try Mailbox<Result<Void, any Error>>()
        Thread.detachNewThread {
            ended.post(Result { try Self.send(pieces, count: count, over: dealer, grants: grants) })
        }
        let seconds = try Self.receive(count, inbox, router)
        for result in ended.takeAll(waiting: nil) { try result.get() }
        return seconds
    }

    private static func send(
        _ pieces: [[UInt8]], count: Int, over dealer: DealerThread, grants: Mailbox<Int>
    ) throws {
        guard let job = JobID("bench") else { return }
        let digest = Digest(of: "bench")
        var left = credit
        for at in 0..<count {
            let piece = pieces[at % pieces.count]
            while left < piece.count {
                let granted = grants.takeAll(waiting: .seconds(30))
                guard !granted.isEmpty else { throw stalled("credit") }
                left += granted.reduce(0, +)
            }
            left -= piece.count
            let part = ResultPart(
                lease: LeaseID(job: job, shard: at, epoch: 1), transferDigest: digest, totalBytes: piece.count,
                offset: 0,
                bytes: piece)
            try dealer.send(.part(part))
        }
    }

    private static func receive(_ count: Int, _ inbox: Mailbox<Event>, _ router: RouterThread) throws -> Double {
        var start: ContinuousClock.Instant?
        var arrived = 0
        var consumed = 0
        while arrived < count {
            let events = inbox.takeAll(waiting: .seconds(30))
            guard !events.isEmpty else { throw stalled("parts") }
            for case .problem(let text) in events { throw stalled("parts", found: text) }
            for case .part(let peer, let bytes) in events {
                if start == nil { start = .now }
                arrived += 1
                consumed += bytes
                // In pieces of a quarter, so that the worker never runs dry.
                guard consumed >= credit / 4 else { continue }
                try router.send(.credit(bytes: consumed), to: peer)
                consumed = 0
            }
        }
        return start.map { (ContinuousClock.now - $0) / .seconds(1) } ?? 0
    }

    private static func stalled(_ expected: String, found: String = "none for 30 seconds") -> InputError {
        InputError("bench", expected: expected, found: found, kind: .temporary)
    }
}
