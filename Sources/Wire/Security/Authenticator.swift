import Foundation
import Inputs
import Synchronization

/// Answers libzmq's questions whether a key may come in (ZAP, RFC 27), on a thread of its own.
///
/// Without it libzmq lets every key in that can speak CURVE, so it must be there before a socket listens.
final class Authenticator: Sendable {
    /// How often the list of allowed keys is looked at.
    private static let lookInterval = Duration.milliseconds(200)
    private static let endpoint = "inproc://zeromq.zap.01"
    private static let protocolVersion = Array("1.0".utf8)

    /// What it tells; these run on its thread and must not block.
    struct Events: Sendable {
        /// A key was refused at an address; the key is nil where it was none.
        var refused: @Sendable (_ address: String, PublicKey?) -> Void
        /// The list of allowed keys was changed to something that is not a list; the old one stays in force.
        var listRefused: @Sendable (InputError) -> Void
        /// It cannot go on, and so nobody may be served any more.
        var failed: @Sendable (ZeroMQError) -> Void
    }

    private let isStopping = Atomic(false)
    private let wakeUp: WakeUp
    private let finished: WakeUp

    /// Starts to answer for all sockets of a context.
    init(_ list: AllowList, context: Context, events: Events) throws {
        wakeUp = try WakeUp()
        finished = try WakeUp()
        let started = try Mailbox<ZeroMQError?>()
        let thread = Thread { [self] in
            defer { finished.signal() }
            do throws(ZeroMQError) {
                let socket = try Socket(.reply, in: context, options: SocketOptions())
                _ = try socket.bind(Self.endpoint)
                started.post(nil)
                do throws(ZeroMQError) { try serve(socket, list, events) } catch { events.failed(error) }
            } catch {
                started.post(error)
            }
        }
        thread.name = "actdiff-keys"
        thread.start()
        if let error = started.takeAll(waiting: nil).first ?? nil { throw error }
    }

    /// Ends the thread. Connections that begin after this are neither let in nor refused.
    func stop() {
        isStopping.store(true, ordering: .releasing)
        wakeUp.signal()
        _ = finished.wait(until: nil)
    }

    private func serve(
        _ socket: borrowing Socket, _ list: AllowList, _ events: Events
    ) throws(ZeroMQError) {
        var watch = AllowListWatch(list)
        var poller = Poller()
        _ = poller.add(wakeUp)
        _ = poller.add(socket)
        var lookAt = ContinuousClock.now
        while !isStopping.load(ordering: .acquiring) {
            if ContinuousClock.now >= lookAt {
                lookAt = .now + Self.lookInterval
                do {
                    try watch.look()
                } catch let error as InputError {
                    events.listRefused(error)
                } catch {
                    events.listRefused(InputError(list.path, expected: "a list of keys", found: "\(error)"))
                }
            }
            guard try poller.wait(until: lookAt) else { continue }
            while let request = try socket.receive(limit: 8) {
                let answer = Self.answer(request) { list.principal(of: $0) ?? watch.lookFor($0) }
                _ = try socket.send(answer.frames)
                if answer.principal == nil { events.refused(answer.address, answer.key) }
            }
        }
    }

    /// What libzmq is answered: version, its own number for the question, status, text, user, nothing more.
    static func answer(
        _ request: Socket.Message, who: (PublicKey) -> Principal?
    ) -> (frames: [[UInt8]], principal: Principal?, address: String, key: PublicKey?) {
        // Version, number, domain, address, routing id, mechanism, key.
        let frames = request.frames
        let key = frames.count == 7 ? PublicKey(bytes: frames[6]) : nil
        let isRight =
            request.count == 7 && frames.count == 7 && frames[0] == protocolVersion
            && frames[2] == Array(SocketOptions.Curve.domain.utf8) && frames[5] == Array("CURVE".utf8)
        let principal = isRight ? key.flatMap(who) : nil
        let verdict =
            principal == nil ? ["400", "this key is not allowed", ""] : ["200", "", principal?.key.text ?? ""]
        return (
            [protocolVersion, frames.count > 1 ? frames[1] : []] + verdict.map { Array($0.utf8) } + [[]],
            principal, frames.count > 3 ? PeerAddress.plain(String(decoding: frames[3], as: UTF8.self)) : "", key
        )
    }
}
