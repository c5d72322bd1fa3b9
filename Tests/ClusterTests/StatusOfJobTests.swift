import Foundation
import FoundationNetworking
import Inputs
import Monitoring
import TestSupport
import Testing
import Wire

@testable import Cluster

@Suite(.timeLimit(.minutes(2))) struct StatusOfJobTests {
    @Test("after a job, metrics and pages over HTTP tell what it was")
    func metricsOfAJob() async throws {
        let folder = try TemporaryFolder()
        let planner = FakePlanner()
        var config = CoordinatorConfig(state: folder.path + "/state")
        config.endpoints = Endpoints(control: "tcp://127.0.0.1:*", data: "tcp://127.0.0.1:*")
        config.http = HTTPAddress("127.0.0.1:0")
        let coordinator = try CoordinatorService(
            config, parts: .init(planner: planner, build: "1.0+test", logger: quiet))
        defer { coordinator.stop() }
        let worker = try WorkerService(
            connect: coordinator.endpoints,
            parts: .init(
                evaluator: FakeEvaluator(), build: "1.0+test", instructionSet: "test", threads: 1, logger: quiet))
        defer { worker.vanish() }
        let id = try CoordinatorClient(endpoint: coordinator.endpoints.control).submit(
            JobSource(specText: "20 50", specFile: "job.yaml", folder: "/"))
        _ = try #require(planner.folded?.takeAll(waiting: .seconds(60)).first)
        let http = try #require(coordinator.http)
        while try await !page("api/v1/jobs", http).contains(#""state":"done""#) {}

        let text = try await page("metrics", http)
        for line in [
            #"jobs{state="done"} 1"#, "lease_granted_total 20", "tokens_committed_total 40", "fold_seconds_count 1",
            "lease_expired_total 0", "digest_alarms_total 0", #"build_info{version="1.0",build="1.0+test"} 1"#,
        ] {
            #expect(text.contains("\nactdiff_\(line)\n"), "\(line)")
        }
        for name in [
            #"bytes_total{direction="in",stage="raw"}"#, #"bytes_total{direction="in",stage="lz4"}"#,
            #"bytes_total{direction="out",stage="raw"}"#, "lease_answer_seconds_count", "sqlite_commit_seconds_count",
            "loop_lag_seconds_count",
        ] {
            #expect(!text.contains("\nactdiff_\(name) 0\n") && text.contains("\nactdiff_\(name) "), "\(name)")
        }
        let story = try await page("api/v1/jobs/\(id)/shards/19", http)
        #expect(story.contains(#""event":"leased""#) && story.contains(#""event":"committed""#), "\(story)")
        #expect(try await page("healthz", http) == "ok\n")
    }

    private func page(_ path: String, _ address: HTTPAddress) async throws -> String {
        let url = try #require(URL(string: "http://\(address)/\(path)"))
        return String(decoding: try await URLSession.shared.data(from: url).0, as: UTF8.self)
    }
}

@Suite struct BenchTests {
    @Test("a simulated result is one of its shard, and about 20 KB as it is sent")
    func result() throws {
        let plan = try BenchPlanner().plan(JobSource(specText: "3", specFile: "bench", folder: "/"))
        let result = BenchPlanner.result(of: 2)
        let bytes = try ShardResultCodec.encode(result)
        #expect((18_000...26_000).contains(bytes.count), "\(bytes.count) bytes")
        #expect(try ShardResultCodec.decode(bytes, task: plan.task, work: plan.shards[2]) == result)
        #expect(BenchPlanner.result(of: 1) != BenchPlanner.result(of: 2))
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
            config, parts: .init(planner: BenchPlanner(), build: "test", logger: quiet))
        defer { service.stop() }
        let client = try CoordinatorClient(endpoint: service.endpoints.control, keys: keys.operators)
        let id = try client.submit(JobSource(specText: "2000", specFile: "bench", folder: "/"))
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
