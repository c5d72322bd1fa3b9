import Foundation
import Inputs
import Synchronization
import Wire
import Work

/// The thread that computes, one shard after another.
final class ComputeThread: Sendable {
    /// How a computation ended.
    enum Ending: Sendable {
        case finished(Digest, [UInt8])
        case failed(InputError, FailureCause)
    }

    private let work: Mailbox<Lease?>
    private let current = Mutex<(lease: LeaseID, progress: ComputeProgress)?>(nil)

    /// Starts the thread, which computes in `place`; `done` runs on it.
    init(
        _ kinds: WorkKinds, at place: WorkerPlace, done: @escaping @Sendable (LeaseID, Ending) -> Void
    ) throws(ZeroMQError) {
        work = try Mailbox()
        let thread = Thread { [self] in
            var open = OpenTask(kinds: kinds, place: place)
            while true {
                for lease in work.takeAll(waiting: nil) {
                    guard let lease else { return }
                    let ending = compute(lease, &open)
                    // Before `done`, which may bring the next shard.
                    current.withLock { $0 = nil }
                    done(lease.id, ending)
                }
            }
        }
        thread.name = "actdiff-compute"
        // The forward pass has deep call chains, which need more than the default stack.
        thread.stackSize = 8 << 20
        thread.start()
    }

    /// Hands it a shard.
    func start(_ lease: Lease) {
        current.withLock { $0 = (lease.id, ComputeProgress()) }
        work.post(lease)
    }

    /// Asks it to stop computing the shard, if that is the one.
    func cancel(_ lease: LeaseID) {
        current.withLock { if $0?.lease == lease { $0?.progress.cancel() } }
    }

    /// Steps of the shard that is computed.
    var progress: UInt64 { current.withLock { $0?.progress.count ?? 0 } }

    /// Ends the thread after the shard that it computes.
    func stop() {
        work.post(nil)
    }

    private func compute(_ lease: Lease, _ open: inout OpenTask) -> Ending {
        guard let progress = current.withLock({ $0?.lease == lease.id ? $0?.progress : nil }) else {
            return .failed(Self.error(lease, "its turn"), .unknown)
        }
        do {
            let bytes = try open.evaluate(lease, progress)
            guard bytes.count <= WireLimits.resultBytes else {
                let error = InputError(
                    "\(lease.id)", expected: "a result of at most \(WireLimits.resultBytes) bytes",
                    found: "\(bytes.count)", hint: "fewer tokens in a shard give smaller results")
                return .failed(error, .shard)
            }
            return .finished(Digest(of: bytes), bytes)
        } catch let error as OpenTask.Unable {
            return .failed(error.reason, .worker)
        } catch let error as InputError {
            return .failed(error, Self.cause(of: error))
        } catch {
            return .failed(Self.error(lease, "\(error)"), .unknown)
        }
    }

    /// Where the fault lies when a shard of an open task fails.
    private static func cause(of error: InputError) -> FailureCause {
        switch error.kind {
        case .badData: .shard
        // The models are not those of the task any more.
        case .configuration: .worker
        case .usage, .unreachable, .temporary, .authentication: .unknown
        }
    }

    private static func error(_ lease: Lease, _ found: String) -> InputError {
        InputError("\(lease.id)", expected: "a result", found: found, kind: .temporary)
    }
}

/// The task that is open on the compute thread: its models stay open from one shard to the next.
private struct OpenTask {
    /// This worker cannot open the task, which could be opened where it was planned.
    struct Unable: Error {
        let reason: InputError
    }

    let kinds: WorkKinds
    let place: WorkerPlace
    private var open: (digest: Digest, evaluator: any WorkEvaluator)?

    init(kinds: WorkKinds, place: WorkerPlace) {
        self.kinds = kinds
        self.place = place
    }

    mutating func evaluate(_ lease: Lease, _ progress: ComputeProgress) throws -> [UInt8] {
        // A task comes from outside: whatever its kind opens for it is below the roots.
        try ModelRoots.confine(to: place.roots) {
            let evaluator = try evaluator(for: lease, progress)
            do {
                return try evaluator.evaluate(
                    WorkShard(index: lease.id.shard, payload: lease.shard), progress: progress)
            } catch let error as InputError where error.kind == .temporary {
                // Something about what is open was not as it should be: it is opened again.
                open = nil
                throw error
            }
        }
    }

    private mutating func evaluator(for lease: Lease, _ progress: ComputeProgress) throws -> any WorkEvaluator {
        if let open, open.digest == lease.taskDigest { return open.evaluator }
        // The old models are released before new ones are opened.
        open = nil
        guard let task = lease.task else {
            throw InputError("\(lease.id)", expected: "a lease with its task", found: "none", kind: .temporary)
        }
        do {
            let kind = try kinds.kind(task.kind, place: "\(lease.id)")
            let evaluator = try kind.evaluator(for: task, at: place, progress: progress)
            open = (lease.taskDigest, evaluator)
            return evaluator
        } catch let error as InputError where error.kind != .temporary {
            throw Unable(reason: error)
        }
    }
}
