import Foundation
import Inputs
import Monitoring
import TestSupport
import Testing
import Wire
import Work
@testable import Cluster

@Suite struct StatusPagesTests {
    private let folder: TemporaryFolder
    private let store: JobStore
    private let board = SnapshotBoard()
    private let job: StoredJob

    init() throws {
        folder = try TemporaryFolder()
        store = try JobStore(StateFolder(folder.path))
        let source = JobSource.fake("3 5")
        let planned = try store.submit(
            source, kind: FakeKind.name, name: "villain", ticket: .random(), at: 1_700_000_000)
        #expect(try store.savePlan(FakeKind().plan(source), build: "test", of: planned))
        job = try #require(try store.job(planned.id))
    }

    private func page(_ path: String...) throws -> String? {
        try StatusPages(store: store, board: board).page(path).map { String(decoding: $0, as: UTF8.self) }
    }

    private let summary =
        #"{"error":null,"id":"villain-1","name":"villain","shards":{"done":0,"quarantined":0,"total":3},"#
        + #""state":"running","submitted":1700000000,"tokens":{"done":0,"total":6}}"#

    @Test func jobsAreListedWithTheirProgress() throws {
        #expect(try page("jobs") == "{\"jobs\":[\(summary)]}\n")
    }

    @Test func nothingThatATerminalObeysIsShown() throws {
        board.post(
            CoordinatorSnapshot(
                workers: [
                    .init(
                        summary: WorkerSummary(
                            name: "n\u{9b}31m\u{202e}:7", host: "n", numberSystem: "i", state: .alive, leases: 0,
                            running: nil), silence: 1, jobs: [])
                ], shards: [:]))
        #expect(try page("workers")?.contains(#""name":"n\u009b31m\u202e:7""#) == true)
    }

    @Test func aJobShowsItsShardsAndItsOwnWorkers() throws {
        let running = LeaseID(job: job.id, shard: 2, epoch: 4)
        let other = try #require(JobID("other-2"))
        let lacking = InputError("/m", expected: "a file", found: "none", hint: "copy it")
        func worker(_ name: String, _ state: WorkerState, _ running: LeaseID?) -> WorkerSummary {
            WorkerSummary(
                name: name, host: "node1", numberSystem: "avx2", state: state, leases: running == nil ? 0 : 2,
                running: running, unfit: running == nil ? [.init(job: other, error: lacking)] : [])
        }
        board.post(
            CoordinatorSnapshot(
                workers: [
                    .init(summary: worker("node1:7", .alive, running), silence: 1.25, jobs: [job.id]),
                    .init(summary: worker("node1:8", .torpid, nil), silence: 31, jobs: [other]),
                ], shards: [job.id: [.waiting: 1, .leased: 2]]))
        let busy =
            #"{"host":"node1","last_seen_seconds":1.25,"leases":2,"name":"node1:7","number_system":"avx2","#
            + #""running":{"epoch":4,"job":"villain-1","shard":2},"state":"alive","unfit":{}}"#
        let idle =
            #"{"host":"node1","last_seen_seconds":31,"leases":0,"name":"node1:8","number_system":"avx2","#
            + #""running":null,"state":"torpid","unfit":"#
            + #"{"other-2":{"expected":"a file","found":"none","hint":"copy it","place":"/m"}}}"#
        #expect(
            try page("jobs", "villain-1") == "{\"job\":\(summary),\"quarantined\":[],"
                + #""shard_states":{"committed":0,"committing":0,"leased":2,"quarantined":0,"waiting":1},"#
                + "\"verification\":{\"agreed\":0,\"disagreed\":0,\"skipped\":0},\"workers\":[\(busy)]}\n")
        #expect(try page("workers") == "{\"workers\":[\(busy),\(idle)]}\n")
    }

    @Test func aJobThatHasEndedSaysWhyAndHasNoShardStates() throws {
        try store.fail(job, InputError("a/b", expected: "c", found: "d", hint: "e"))
        let text = try #require(try page("jobs", "villain-1"))
        #expect(text.contains(#""error":{"expected":"c","found":"d","hint":"e","place":"a/b"}"#))
        #expect(text.contains("\"shard_states\":null") && text.contains("\"state\":\"failed\""))
    }

    @Test func aShardTellsItsStory() throws {
        #expect(try page("jobs", "villain-1", "shards", "2") == "{\"job\":\"villain-1\",\"shard\":2,\"story\":[]}\n")
    }

    @Test func whatIsNotThereIsNamed() throws {
        for path in [["jobs", "villain-9"], ["jobs", "Villain 1"]] {
            let problem = #expect(throws: StatusProblem.self) {
                try StatusPages(store: store, board: board).page(path)
            }
            #expect(
                problem
                    == StatusProblem(
                        .notFound, "job \(path[1])", expected: "a job of this coordinator", found: "no such job"))
        }
        for shard in ["3", "-1", "x", ""] {
            let problem = #expect(throws: StatusProblem.self) { try page("jobs", "villain-1", "shards", shard) }
            #expect(
                problem == StatusProblem(.notFound, "job villain-1", expected: "a shard from 0 to 2", found: shard))
        }
        #expect(try page("jobs", "villain-1", "shards") == nil && page("nothing") == nil && page() == nil)
    }

    @Test func aStoreThatCannotBeReadIsUnavailable() throws {
        store.close()
        let problem = #expect(throws: StatusProblem.self) { try page("jobs") }
        #expect(problem?.status == .unavailable && problem?.expected == "a working database")
    }
}

@Suite struct MonitoringFilesTests {
    private let text = CoordinatorMetrics(build: "1.2.3+abc").text()
    private let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .appendingPathComponent("../../deploy/grafana").standardized

    @Test(arguments: ["dashboards/actdiff.json", "alerts.yaml", "alerts.test.yaml"])
    func everyMetricAndLabelInTheFileIsServed(_ file: String) throws {
        let content = try String(contentsOf: folder.appendingPathComponent(file), encoding: .utf8)
            .replacing("\\\"", with: "\"")
        let series = Set(text.split(separator: "\n").filter { !$0.hasPrefix("#") }.map { $0.split(separator: " ")[0] })
        let names = Set(series.map { $0.prefix { $0 != "{" } })
        var found = 0
        for match in content.matches(of: /(?<name>actdiff_[a-z0-9_]+)(?:\{(?<labels>[^}]*)\})?/) {
            #expect(names.contains(match.name), "\(file) names \(match.name)")
            found += 1
            for label in (match.labels ?? "").matches(
                of: /(?<key>state|outcome|direction|stage|reason)="(?<value>[^"]+)"/)
            {
                let isServed = series.contains { $0.hasPrefix(match.name) && $0.contains(label.output.0) }
                #expect(isServed, "\(file) names \(match.name){\(label.output.0)}")
            }
        }
        #expect(found >= 8, "\(file)")
    }

    @Test func dashboardIsJSONWithItsVariables() throws {
        let dashboard = try Document(jsonFile: folder.appendingPathComponent("dashboards/actdiff.json").path)
        let variables = try dashboard.required("templating").required("list").list().map {
            try $0.required("name").string()
        }
        #expect(variables == ["datasource", "job", "instance"])
        let rows = try dashboard.required("panels").list().filter { try $0.required("type").string() == "row" }
        #expect(
            try rows.map { try $0.required("title").string() } == [
                "Jobs", "Shards", "Workers", "Transport", "Latency", "Alarms",
            ])
    }

    @Test func everyMetricIsDescribed() throws {
        let page = try String(
            contentsOf: folder.appendingPathComponent("../../docs/monitoring.md").standardized, encoding: .utf8)
        let names = text.matches(of: /TYPE actdiff_([a-z0-9_]+)/).map(\.output.1)
        #expect(names.count >= 30)
        for name in names { #expect(page.contains("`\(name)`") || page.contains("`\(name){"), "\(name)") }
    }

    @Test func everySeriesIsThereFromTheStart() {
        #expect(text.contains("\nactdiff_build_info{version=\"1.2.3\",build=\"1.2.3+abc\"} 1\n"))
        #expect(text.contains("\nactdiff_bytes_total{direction=\"in\",stage=\"lz4\"} 0\n"))
        #expect(text.contains("\nactdiff_auth_failures_total{reason=\"unknown_key\"} 0\n"))
        #expect(text.contains("\nactdiff_jobs{state=\"planning\"} 0\n"))
        #expect(text.contains("\nactdiff_fold_seconds_bucket{le=\"+Inf\"} 0\n"))
        let memory = text.split(separator: "\n").last { $0.hasPrefix("actdiff_process_resident_memory_bytes ") }
        #expect(memory.flatMap { Double($0.split(separator: " ")[1]) } ?? 0 > 1e6)
    }
}

@Suite struct StatusAddressTests {
    private func http(_ line: String) throws -> HTTPAddress? {
        try CoordinatorConfig(Document(yaml: "state: /s\n\(line)", file: "c.yaml")).http
    }

    @Test func thePagesAreOnLoopbackUnlessToldOtherwise() throws {
        #expect(try http("") == .standard)
        #expect(try http("http: 0.0.0.0:80").map { "\($0)" } == "0.0.0.0:80")
        for off in ["off", "'off'", "Off", "no", "false"] { #expect(try http("http: \(off)") == nil, "\(off)") }
        let error = #expect(throws: InputError.self) { try http("http: example.org:80") }
        #expect(
            error?.place == "c.yaml:2: http" && error?.found == "\"example.org:80\"", "\(String(describing: error))")
    }
}
