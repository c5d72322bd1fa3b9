import Inputs
import TestSupport
import Wire

extension Samples {
    /// One random message of every kind.
    public mutating func toCoordinator() throws -> [MessageToCoordinator] {
        let part = bytes(1...300)
        let before = int(0...1000)
        let hello = WorkerHello(
            build: string(), instance: instance(), host: string(), processID: int(0...Int(Int32.max)),
            numberSystem: string(), threads: int(0...512), slurmJob: flag() ? string() : nil, held: try leases())
        return [
            .hello(hello),
            .renew(
                slots: int(0...1024),
                try leases().map { Renewal(lease: $0, progress: random.next() >> UInt64(int(0...63))) },
                tasks: list(0...8) { $0.digest() }),
            .handBack(try leases(), reason: string()),
            .failed(try lease(), error(), FailureCause.allCases[int(0...2)]),
            .goodbye,
            .attach(instance()),
            .part(
                ResultPart(
                    lease: try lease(), transferDigest: digest(), totalBytes: before + part.count + int(0...1000),
                    offset: before, bytes: part)),
        ]
            + (try requests()).map { .request(id: random.next(), $0) }
    }

    private mutating func requests() throws -> [OperatorRequest] {
        [
            .submit(
                ticket: instance(), kind: string(), name: string(), specText: string(upTo: 400), specFile: string(),
                folder: string()),
            .list,
            .show(try job()),
            .cancel(try job()),
            .retry(try job()),
            .remove(try job()),
            .prune(olderThan: int(0...1_000_000), isTrial: int(0...1) == 1),
            .story(try job(), shard: int(0...1000)),
            .workers,
            .bundleFiles(try job()),
            .fetch(try job(), file: string(), offset: int(0...Int.max)),
        ]
    }

    /// One random message of every kind.
    public mutating func fromCoordinator() throws -> [MessageFromCoordinator] {
        let task = payload()
        let lease = Lease(
            id: try lease(), seconds: Double.random(in: 0.001...1e6, using: &random), tokens: int(0...1 << 20),
            taskDigest: task.digest, task: flag() ? task : nil, shard: payload())
        return [
            .welcome(
                name: string(), leaseSeconds: Double.random(in: 0.001...1e6, using: &random), instance: instance()),
            .refused(error()),
            .lease(lease),
            .revoke(try leases(), reason: string()),
            .heard,
            .dismiss(reason: string(), atOnce: flag()),
            .whoAreYou(.control),
            .whoAreYou(.data),
            .credit(bytes: int(0...1 << 30)),
            .accepted(try self.lease()),
            .rejected(try self.lease(), error()),
        ]
            + (try replies()).map { .reply(id: random.next(), $0) }
    }

    private mutating func replies() throws -> [OperatorReply] {
        let workers = list(0...3) {
            WorkerSummary(
                name: $0.string(), host: $0.string(), numberSystem: $0.string(),
                state: WorkerState.allCases[$0.int(0...2)], leases: $0.int(0...9),
                running: $0.flag() ? try? $0.lease() : nil,
                unfit: $0.list(0...2) { samples in
                    (try? samples.job()).map { .init(job: $0, error: samples.error()) }
                }.compactMap(\.self))
        }
        let quarantined = list(0...3) { QuarantinedShard(shard: $0.int(0...1000), error: $0.error()) }
        let story = list(0...3) {
            StoryLine(
                at: $0.int(0...Int.max), epoch: $0.int(0...1000), event: $0.string(), worker: $0.string(),
                reason: $0.string())
        }
        let count = VerificationCount(
            wanted: int(0...9), agreed: int(0...9), disagreed: int(0...9), skipped: int(0...9),
            voices: int(0...9))
        return [
            .submitted(try job()),
            .jobs([try summary(), try summary()]),
            .job(
                JobDetail(
                    summary: try summary(), quarantined: quarantined, verification: count,
                    numberSystem: flag() ? string() : nil, workers: workers)),
            .cancelled,
            .retrying(shards: flag() ? int(0...1000) : nil),
            .removed,
            .story(story),
            .workers(workers),
            .files(list(0...3) { BundleFile(name: $0.string(), size: $0.int(0...Int.max), digest: $0.digest()) }),
            .bytes(bytes(0...300), total: int(0...Int.max)),
            .failure(error()),
        ]
    }

    private mutating func summary() throws -> JobSummary {
        JobSummary(
            id: try job(), name: string(), state: JobState.allCases[int(0...5)], shardsDone: int(0...Int.max),
            shardsTotal: int(0...10), tokensDone: int(0...Int.max), tokensTotal: int(0...Int.max),
            quarantined: int(0...10), error: flag() ? error() : nil, submitted: int(0...2_000_000_000))
    }
}
