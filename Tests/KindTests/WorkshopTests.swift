import Dispatch
import Foundation
import Inputs
import TestSupport
import Testing
import Wire
import Work
@testable import Cluster

/// Plans and folds in processes of their own.
@Suite(.timeLimit(.minutes(5))) struct WorkshopTests {
    private static let mischief = JobLabel(kind: "mischief", name: "mischief")

    private func runner(memory: Int = 256 << 20, patience: Double = 60) -> ChildRunner {
        ChildRunner(
            .init(executable: CountingProcess.executable), .init(memory: memory, patience: patience))
    }

    private func source(_ lines: String) -> JobSource {
        JobSource(specText: "kind: mischief\n" + lines, specFile: "job.yaml", folder: "/")
    }

    private func planned(_ job: JobSource, _ plan: WorkPlan) -> PlannedWork {
        PlannedWork(
            source: job, task: plan.task, record: plan.record, shardCount: plan.shards.count
        ) { index in
            WorkShard(
                index: index,
                payload: Payload(kind: plan.task.kind, version: plan.shardVersion, bytes: plan.shards[index].bytes))
        }
    }

    @Test(
        "a plan made in another process is the same in every part; so is a fold's bundle, snapshots and gaps included")
    func sameOutcome() throws {
        let job = try CountingJob()
        let kind = CountingCluster.kind
        let label = try WorkKinds([kind]).label(of: job.source)
        let start = ContinuousClock.now
        let plan = try runner().plan(job.source, as: label, until: StopSignal())
        print("a plan in a process of its own: \(start.duration(to: .now))")
        #expect(try plan == kind.plan(job.source))
        let odd = try runner().plan(source(""), as: Self.mischief, until: StopSignal())
        #expect(
            odd.verified == [2] && odd.needsOneNumberSystem && odd.foldBytes == 11 << 20
                && odd.shards.map(\.tokens) == [1, 2, 3])

        let work = planned(job.source, plan)
        let results = try (0..<CountingJob.shards).map { index in
            let place = WorkerPlace(
                roots: try ModelRoots([]), digests: DigestCache(at: "/dev/null/digests.json"), threads: 1,
                memory: 1 << 30)
            return try kind.evaluator(for: plan.task, at: place, progress: ComputeProgress())
                .evaluate(work.shard(index), progress: ComputeProgress())
        }
        let provenance = FoldProvenance(
            contentDigests: results.indices.map { $0 == 5 ? nil : Digest(of: results[$0]) }, numberSystems: ["integers"]
        )
        for (name, runner) in [("child", runner() as any WorkRunner), ("own", InProcessRunner(WorkKinds([kind])))] {
            let first = try runner.fold(of: work, from: nil, until: StopSignal())
            for shard in 0..<4 { try first.fold(results[shard]) }
            #expect(throws: InputError.self) { try first.fold(results[0]) }
            let second = try runner.fold(of: work, from: first.snapshot(), until: StopSignal())
            #expect(second.nextShard == 4)
            try second.fold(results[4])
            try second.skip(InputError("shard 5", expected: "luck", found: "none"))
            for shard in 6..<CountingJob.shards { try second.fold(results[shard]) }
            // Whatever of a second pass came in before it began anew is forgotten.
            #expect(try second.beginSecondPass())
            try second.review(results[0])
            #expect(try second.beginSecondPass())
            for shard in 0..<CountingJob.shards where shard != 5 { try second.review(results[shard]) }
            #expect(throws: InputError.self) { try second.review(results[0]) }
            try second.write(into: job.folder.path + "/" + name, provenance: provenance)
        }
        let once = try runner().fold(
            of: planned(source(""), runner().plan(source(""), as: Self.mischief, until: StopSignal())), from: nil,
            until: StopSignal())
        #expect(try !once.beginSecondPass())
        #expect(try files(job.folder.path + "/child") == files(job.folder.path + "/own"))
    }

    @Test(
        "whatever a job does to the process that plans it becomes an error of the job, which says how it ended",
        arguments: [
            ("die", "an end by signal 9"), ("grow", "an end by signal"), ("hang", "no step in 2 seconds"),
            ("openFiles", "few open"), ("refuse", "none"), ("dance", "dance"),
        ])
    func planMischief(deed: String, found: String) throws {
        let error = #expect(throws: InputError.self) {
            try runner(patience: deed == "hang" ? 2 : 60)
                .plan(source("plan: \(deed)"), as: Self.mischief, until: StopSignal())
        }
        #expect(error?.found.contains(found) == true, "\(error?.description ?? "")")
        if deed == "grow" {
            let peak = error?.found.split(separator: "(").last?.split(separator: " ").first.flatMap { Int($0) } ?? .max
            #expect(peak <= 300, "\(error?.found ?? "")")
        }
    }

    @Test(
        "so does what it does to the one that folds it; such a fold is not open any more",
        arguments: ["die", "grow", "hang"])
    func foldMischief(deed: String) throws {
        let runner = runner(patience: deed == "hang" ? 2 : 60)
        let job = source("fold: \(deed)")
        let plan = try runner.plan(job, as: Self.mischief, until: StopSignal())
        let fold = try runner.fold(of: planned(job, plan), from: nil, until: StopSignal())
        let error = #expect(throws: InputError.self) { try fold.fold([1]) }
        #expect(error?.place == "folding job.yaml")
        if deed != "hang" { #expect(!fold.isOpen) }
    }

    @Test("a stop ends what hangs at once")
    func stop() throws {
        let runner = runner()
        for key in ["plan", "fold"] {
            let job = source("\(key): hang")
            let stop = StopSignal()
            let fold =
                key == "fold"
                ? try runner.fold(
                    of: planned(job, runner.plan(job, as: Self.mischief, until: StopSignal())), from: nil, until: stop)
                : nil
            DispatchQueue.global().asyncAfter(deadline: .now() + 0.3) { stop.stop() }
            #expect(throws: StopSignal.Stopped.self) {
                if let fold { try fold.fold([1]) } else { _ = try runner.plan(job, as: Self.mischief, until: stop) }
            }
        }
    }

    @Test(
        "nine jobs are planned beside one that hangs, whose cancellation ends it; a job that ended two coordinators fails"
    )
    func besideAHangingOne() throws {
        let folder = try TemporaryFolder()
        let store = try JobStore(StateFolder(folder.path + "/state"))
        let kinds = WorkKinds([CountingCluster.kind])
        let workshop = JobWorkshop(
            store: store, kinds: kinds, runner: runner(), build: "test",
            folder: try StateFolder(folder.path + "/other"),
            logger: CountingCluster.quiet)
        func submit(_ deed: String) throws -> StoredJob {
            try store.submit(
                source("plan: \(deed)"), kind: "mischief", name: "mischief", ticket: .random(), at: 0)
        }
        func state(_ job: StoredJob) throws -> JobState? { try store.job(job.id)?.state }
        let ended = DispatchGroup()
        let hanging = try submit("hang")
        let end = DispatchSemaphore(value: 0)
        workshop.plan(hanging) { end.signal() }
        var others: [StoredJob] = []
        for _ in 0..<9 {
            let job = try submit("nothing")
            ended.enter()
            workshop.plan(job) { ended.leave() }
            others.append(job)
        }
        ended.wait()
        for job in others { #expect(try state(job) == .running) }
        #expect(try state(hanging) == .planning)
        try store.cancel(hanging)
        workshop.forget(hanging.id)
        end.wait()
        #expect(try state(hanging) == .cancelled)

        let deadly = try submit("nothing")
        #expect(try store.notePlanning(deadly) == 0 && store.notePlanning(deadly) == 1)
        workshop.plan(deadly) { end.signal() }
        end.wait()
        #expect(try state(deadly) == .failed)
        #expect(try store.job(deadly.id)?.error?.found == "2 coordinators that died of it")
        _ = try store.retry(deadly, keepingPlan: true)
        workshop.plan(deadly) { end.signal() }
        end.wait()
        #expect(try state(deadly) == .running)
        workshop.end()
        store.close()
    }

    @Test("a job whose fold would take more memory than there is fails at its plan, with both figures")
    func foldMemory() throws {
        let folder = try TemporaryFolder()
        let store = try JobStore(StateFolder(folder.path + "/state"))
        let job = try store.submit(
            source(""), kind: "mischief", name: "mischief", ticket: .random(), at: 0)
        let workshop = JobWorkshop(
            store: store, kinds: WorkKinds([]), runner: Small(own: runner()), build: "test",
            folder: try StateFolder(folder.path + "/other"), logger: CountingCluster.quiet)
        let end = DispatchSemaphore(value: 0)
        workshop.plan(job) { end.signal() }
        end.wait()
        let error = try #require(try store.job(job.id)?.error)
        #expect(error.expected.contains("in 10 MiB") && error.found == "11 MiB" && error.kind == .configuration)
        store.close()
    }

    /// Plans as another does, and has little memory to fold in.
    private struct Small: WorkRunner {
        let own: ChildRunner
        let memory = 10 << 20

        func plan(_ source: JobSource, as label: JobLabel, until stop: StopSignal) throws -> WorkPlan {
            try own.plan(source, as: label, until: stop)
        }

        func fold(of job: PlannedWork, from snapshot: [UInt8]?, until stop: StopSignal) throws -> any OpenFold {
            try own.fold(of: job, from: snapshot, until: stop)
        }
    }
}
