import Foundation
import Inputs
import TestSupport
import Testing
import Wire
import Work
@testable import Cluster

/// Whatever a kind opens for a task on a worker is below the worker's roots.
@Suite(.timeLimit(.minutes(5))) struct ConfinedComputeTests {
    @Test("a shard that opens a file outside the worker's roots fails, one that opens a file inside does not")
    func confined() throws {
        let folder = try TemporaryFolder()
        try folder.makeFolder("models")
        let paths = [
            try folder.write("models/inside", "1"), try folder.write("outside", "2"),
            try folder.link("models/link", to: "../outside"),
        ]
        let evaluator = FakeEvaluator(failing: { _ = try InputFile(paths[$0.index]) })
        let place = WorkerPlace(
            roots: try ModelRoots([folder.path + "/models"]), digests: DigestCache(at: "/dev/null/digests.json"),
            threads: 1, memory: 1 << 30)
        let endings = try Mailbox<(LeaseID, ComputeThread.Ending)>()
        let thread = try ComputeThread(WorkKinds([FakeKind(computing: evaluator)]), at: place) {
            endings.post(($0, $1))
        }
        defer { thread.stop() }
        let plan = try FakeKind().plan(.fake("3 1"))
        let job = try #require(JobID("job"))
        for shard in paths.indices {
            thread.start(
                Lease(
                    id: LeaseID(job: job, shard: shard, epoch: 1), seconds: 20, tokens: 1, taskDigest: plan.task.digest,
                    task: plan.task,
                    shard: Payload(kind: FakeKind.name, version: plan.shardVersion, bytes: plan.shards[shard].bytes)))
            guard case (let lease, let ending)? = endings.takeAll(waiting: .seconds(120)).first else {
                Issue.record("shard \(shard) does not end")
                return
            }
            #expect(lease.shard == shard)
            switch ending {
            case .finished: #expect(shard == 0)
            case .failed(let error, let cause):
                #expect(shard > 0 && error.place == paths[shard] && cause == .worker)
                #expect(error.expected.hasPrefix("a path below one of the worker's model roots ("))
            }
        }
    }
}
