import Cluster
import Foundation
import Inputs
import Latents
import Logging
import TestSupport
import Testing
import Wire
import Work
@testable import Benchmarking

/// A silent logger.
private let quiet = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

@Suite struct BenchTests {
    @Test("a simulated result is one of its shard, and about 20 KB as it is sent")
    func result() throws {
        let plan = try BenchKind().plan(JobSource(specText: "shards: 3", specFile: "bench", folder: "/"))
        let bytes = try ShardResultCodec.encode(BenchKind.result(of: 2))
        #expect((18_000...26_000).contains(bytes.count), "\(bytes.count) bytes")
        let payload = Payload(kind: BenchKind.name, version: plan.shardVersion, bytes: plan.shards[2].bytes)
        let checked = try BenchKind().judge(of: plan.task).check(bytes, shard: WorkShard(index: 2, payload: payload))
        #expect(try checked.contentDigest == ShardResultCodec.digest(of: BenchKind.result(of: 2)))
        #expect(BenchKind.result(of: 1) != BenchKind.result(of: 2))
    }

    @Test("what is due comes in the order of its time, and not before")
    func dueTimes() throws {
        let job = try #require(JobID("j"))
        var due = DueTimes()
        let times = (0..<200).map { Double(($0 * 73) % 200) }
        for (worker, at) in times.enumerated() {
            due.add(LeaseID(job: job, shard: worker, epoch: 1), worker: worker, at: at)
        }
        #expect(due.first == 0)
        var taken: [Double] = []
        while let entry = due.takeDue(at: 99) { taken.append(times[entry.worker]) }
        #expect(taken == (0..<100).map(Double.init) && due.first == 100)
        while let entry = due.takeDue(at: 1000) { taken.append(entry.at) }
        #expect(taken == times.sorted() && due.takeDue(at: 1000) == nil && due.first == nil)
    }

    @Test("streams of parts arrive whole, with and without CURVE")
    func streams() throws {
        let folder = try TemporaryFolder()
        let keys = try BenchKeys(folder: folder.path + "/keys")
        let client = try #require(
            try KeySources(environment: [:]).client(key: keys.worker.key, serverKey: keys.worker.server))
        // More than the credit, so that some has to be granted on the way.
        let pieces = [[UInt8](repeating: 1, count: 200_000), [UInt8](repeating: 2, count: 200_000)]
        #expect(try PartStream().seconds(pieces, count: 60) > 0)
        #expect(try PartStream(keys: (keys.server, client)).seconds(pieces, count: 60) > 0)
        #expect(try PlainStream(encrypted: false).seconds(pieces, count: 60) > 0)
        #expect(try PlainStream(encrypted: true).seconds(pieces, count: 60) > 0)
    }

    @Test("quantiles are values that occurred")
    func quantiles() {
        var latencies = Latencies()
        #expect(latencies.summary.count == 0 && latencies.summary.longest == 0)
        for value in (1...200).reversed() { latencies.add(Double(value)) }
        let summary = latencies.summary
        #expect(
            summary.count == 200 && summary.median == 100 && summary.p99 == 198 && summary.longest == 200)
    }

    @Test("simulated workers get through a job with CURVE")
    func swarm() throws {
        let folder = try TemporaryFolder()
        let keys = try BenchKeys(folder: folder.path + "/keys")
        var config = CoordinatorConfig(state: folder.path + "/state")
        config.endpoints = Endpoints(control: "tcp://127.0.0.1:*", data: "tcp://127.0.0.1:*")
        config.keys = keys.server
        let service = try CoordinatorService(
            config, parts: .init(kinds: WorkKinds([BenchKind()]), build: "test", logger: quiet))
        defer { service.stop() }
        let client = try CoordinatorClient(endpoint: service.endpoints.control, keys: keys.operators)
        let id = try client.submit(
            JobSource(specText: "shards: 2000", specFile: "bench", folder: "/"),
            as: JobLabel(kind: BenchKind.name, name: "bench"))
        while try client.show(id).summary.state == .planning {}
        var workers = try SimulatedWorkers(
            .init(
                endpoints: service.endpoints,
                keys: KeySources(environment: [:]).client(key: keys.worker.key, serverKey: keys.worker.server),
                workers: 8, seconds: 2, shardSeconds: 0.05, build: "test"))
        var begun = 0
        let json = try workers.run { begun += 1 }
        let report = try JSONDecoder().decode(SimulatedWorkers.Report.self, from: json)
        #expect(begun == 1 && report.rejected == 0 && report.traffic.dropped == 0)
        #expect(report.results > 0 && report.results <= 2000 && report.leaseAnswer.count == report.leases)
        #expect(report.acknowledgement.median > 0 && report.acknowledgement.p99 <= report.acknowledgement.longest)
        #expect(service.metrics.digestAlarms.value == 0 && service.metrics.duplicateResults.value == 0)
    }
}
