import Foundation
import Inputs
import Synchronization
import Work

/// A workshop process, as `WorkshopProcess` starts it: it plans or folds one job, and ends with its coordinator.
public final class WorkshopChild: Sendable {
    /// Descriptors that it may have.
    private static let mostDescriptors: rlim_t = 256
    /// Seconds between two signs of life.
    private static let beat = 0.5

    private let kinds: WorkKinds
    private let socket = FrameSocket(descriptor: STDIN_FILENO)
    /// Whole frames only, from two threads.
    private let sending = Mutex(())
    private let progress = ComputeProgress()

    private init(_ kinds: WorkKinds) {
        self.kinds = kinds
    }

    /// Serves the coordinator at standard input until it closes. Call it before anything else has been opened. Throws what
    /// ended it.
    public static func serve(_ kinds: WorkKinds, memory: Int) throws {
        limit(memory: memory)
        let child = WorkshopChild(kinds)
        let thread = Thread { child.tellOfLife() }
        thread.start()
        try child.serve()
    }

    /// Takes upon itself what it may use, and offers itself where the machine runs out of memory.
    private static func limit(memory: Int) {
        // What the coordinator has open is not for whoever reads a user's files.
        let open = (try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd")) ?? []
        for descriptor in open.compactMap({ Int32($0) }) where descriptor > STDERR_FILENO { close(descriptor) }
        for (resource, most) in [
            (RLIMIT_DATA, rlim_t(max(0, memory))), (RLIMIT_CORE, 0), (RLIMIT_NOFILE, mostDescriptors),
        ] {
            var limits = rlimit()
            let resource = __rlimit_resource_t(resource.rawValue)
            guard getrlimit(resource, &limits) == 0 else { continue }
            limits.rlim_cur = min(limits.rlim_max, most)
            limits.rlim_max = limits.rlim_cur
            _ = setrlimit(resource, &limits)
        }
        if let file = FileHandle(forWritingAtPath: "/proc/self/oom_score_adj") { file.write(Data("1000".utf8)) }
    }

    /// Says again and again how far it has come. It ends where nobody listens any more.
    private func tellOfLife() {
        while true {
            do {
                try send(.alive(progress: progress.count, peakBytes: Self.peakBytes))
            } catch {
                _exit(EXIT_SUCCESS)
            }
            Thread.sleep(forTimeInterval: Self.beat)
        }
    }

    /// The most memory that it has had. `getrusage` would tell of the process that started it as well.
    private static var peakBytes: Int {
        let status = (try? String(contentsOfFile: "/proc/self/status", encoding: .utf8)) ?? ""
        let line = status.split(separator: "\n").first { $0.hasPrefix("VmHWM:") }
        let kibibytes = line?.split(separator: " ").dropLast().last.flatMap { Int($0) }
        return (kibibytes ?? 0) << 10
    }

    private func send(_ reply: WorkshopReply) throws {
        let frame = try reply.frame()
        try sending.withLock { _ in try socket.send(frame) }
    }

    private func receive() throws -> WorkshopRequest? {
        try socket.receive().map { try WorkshopRequest($0) }
    }

    private func serve() throws {
        while let request = try receive() {
            switch request {
            case .plan(let source, let label):
                try answering { try sendPlan(kinds.plan(source, as: label, progress: progress)) }
            case .open(let order): return try serveFold(order)
            case .shard, .fold, .skip, .snapshot, .secondPass, .review, .write:
                throw ByteError("request", expected: "a plan or a fold to begin", found: "something else")
            }
        }
    }

    /// Answers with the error where there is one.
    private func answering(_ body: () throws -> Void) throws {
        do {
            try body()
        } catch let error as FrameSocket.Closed {
            throw error
        } catch {
            let known = error as? InputError
            try send(.failed(known ?? InputError("the job", expected: "to be planned and folded", found: "\(error)")))
        }
    }

    private func sendPlan(_ plan: WorkPlan) throws {
        var head = plan
        head.shards = []
        try send(.planned(head, shardCount: plan.shards.count))
        for shard in plan.shards { try send(.shard(shard)) }
    }

    private func serveFold(_ order: WorkshopRequest.FoldOrder) throws {
        var shards: [WorkShard] = []
        while shards.count < order.shardCount {
            guard case .shard(let shard) = try receive(), shard.index == shards.count else {
                throw ByteError("request", expected: "shard \(shards.count)", found: "something else")
            }
            shards.append(shard)
        }
        let job = PlannedWork(
            source: order.source, task: order.task, record: order.record, shardCount: order.shardCount
        ) { [shards] in shards[$0] }
        var fold: (any WorkFold)?
        try answering {
            let opened = try kinds.kind(order.task.kind, place: "the job").fold(of: job, from: order.snapshot)
            fold = opened
            try sendStanding(of: opened)
        }
        while var open = fold, let request = try receive() {
            progress.advance()
            // What a copy takes in leaves the original as it was; there must not be two of them while it grows.
            fold = nil
            try answering { try serve(request, &open) }
            fold = open
        }
    }

    private func serve(_ request: WorkshopRequest, _ fold: inout any WorkFold) throws {
        switch request {
        case .fold(let result): try fold.fold(result)
        case .skip(let error): try fold.skip(error)
        case .snapshot: return try send(.snapshot(fold.snapshot()))
        case .secondPass:
            return try send(.secondPass(isWanted: fold.beginSecondPass { progress.advance() }))
        case .review(let result): try fold.review(result)
        case .write(let folder, let provenance):
            try fold.write(into: folder, provenance: provenance) { progress.advance() }
        case .plan, .open, .shard: throw InputError("the fold", expected: "a step of it", found: "another request")
        }
        try sendStanding(of: fold)
    }

    private func sendStanding(of fold: any WorkFold) throws {
        try send(.done(nextShard: fold.nextShard, snapshotSize: fold.snapshotSize))
    }
}
