import Inputs
import Logging
import Wire

/// How fast workers may bring things about. What an honest worker says is never refused: a greeting past the pace is said again
/// by the worker itself, and a lease that is given back past it is taken back a little later.
extension CoordinatorCore {
    /// By whom messages are counted: all that come with one key are one, however many connections they have.
    enum Sender: Hashable {
        case key(PublicKey)
        /// Where no keys are in use, the connection.
        case peer(PeerID)

        init(_ key: PublicKey?, _ peer: PeerID) {
            self = key.map { .key($0) } ?? .peer(peer)
        }
    }

    /// Log lines that are alike: one event of one sender.
    struct Line: Hashable {
        var sender: Sender
        var event: String
    }

    /// A lease that was given back, computed or not, and is taken back later.
    struct PutOff {
        var worker: InstanceID
        var message: MessageToCoordinator
    }

    /// Whether a greeting may be answered now. Greetings past the pace are dropped: a worker greets until it is answered.
    func mayGreet(_ inbound: Inbound, at: Double) -> Bool {
        greetings.take(Sender(inbound.principal?.key, inbound.peer), at: at)
    }

    /// A worker gives leases back. Only those that it holds count.
    func takeBack(_ leases: [LeaseID], _ reason: String, of worker: InstanceID, at: Double) {
        var back: [LeaseID] = []
        for lease in scheduler.held(leases, by: worker) {
            guard mayReturn(worker, at: at) else {
                putOff[lease] = PutOff(worker: worker, message: .handBack([lease], reason: reason))
                continue
            }
            note(.info, "handed back", lease, worker, reason)
            back.append(lease)
        }
        guard !back.isEmpty else { return }
        freedAt[worker] = at
        perform(scheduler.handBack(worker, leases: back, at: at))
    }

    /// A worker could not compute a shard.
    func takeFailure(_ lease: LeaseID, _ error: InputError, _ cause: FailureCause, of worker: InstanceID, at: Double) {
        guard !scheduler.held([lease], by: worker).isEmpty else { return }
        guard mayReturn(worker, at: at) else {
            putOff[lease] = PutOff(worker: worker, message: .failed(lease, error, cause))
            return
        }
        freedAt[worker] = at
        perform(scheduler.shardFailed(lease, error: error, cause: cause, from: worker, at: at))
    }

    /// Takes back what was put off, as far as the pace allows.
    func takePutOff(at now: Double) {
        let waiting = putOff
        putOff = [:]
        for (lease, late) in waiting.sorted(by: { ($0.key.job, $0.key.shard) < ($1.key.job, $1.key.shard) }) {
            switch late.message {
            case .handBack(_, let reason): takeBack([lease], reason, of: late.worker, at: now)
            case .failed(_, let error, let cause): takeFailure(lease, error, cause, of: late.worker, at: now)
            default: break
            }
        }
    }

    private func mayReturn(_ worker: InstanceID, at: Double) -> Bool {
        guard let connection = connections[worker] else { return true }
        return returns.take(Sender(connection.key, connection.control), at: at)
    }

    /// Logs what a worker brought about, unless it brings about too much: then a line tells how many are missing before it.
    func logOfWorker(
        _ level: Logger.Level, _ event: String, _ sender: Sender, _ metadata: Logger.Metadata
    ) {
        guard let unsaid = lines.takeCounting(Line(sender: sender, event: event), at: now) else { return }
        var metadata = metadata
        if unsaid > 0 { metadata["unsaid"] = "\(unsaid)" }
        logger.log(level: level, "\(event)", metadata: metadata)
    }
}
