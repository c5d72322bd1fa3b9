import Foundation
import FoundationNetworking
import Inputs
import Latents
import Monitoring
import TestSupport
import Testing
import Wire
import Work
@testable import Cluster

@Suite(.timeLimit(.minutes(2))) struct StatusOfJobTests {
    @Test("after a job, metrics and pages over HTTP tell what it was")
    func metricsOfAJob() async throws {
        let folder = try TemporaryFolder()
        let planner = FakeKind()
        var config = CoordinatorConfig(state: folder.path + "/state")
        config.endpoints = Endpoints(control: "tcp://127.0.0.1:*", data: "tcp://127.0.0.1:*")
        config.http = HTTPAddress("127.0.0.1:0")
        let coordinator = try CoordinatorService(
            config, parts: .init(kinds: WorkKinds([planner]), build: "1.0+test", logger: quiet))
        defer { coordinator.stop() }
        let worker = try WorkerService(
            connect: coordinator.endpoints,
            parts: .init(
                FakeEvaluator(), build: "1.0+test"))
        defer { worker.vanish() }
        let id = try CoordinatorClient(endpoint: coordinator.endpoints.control).submit(
            JobSource.fake("20 50"))
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
