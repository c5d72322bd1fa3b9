import Cluster
import Foundation
import Inputs
import Logging
import Wire
import Work

/// Measures a coordinator: a real one in this process, and many simulated workers in another.
public struct CoordinatorBench {
    /// What is measured.
    public struct Order: Sendable {
        public var workers: Int
        public var seconds: Double
        public var shardSeconds: Double
        /// Whether connections are encrypted.
        public var isCurve: Bool
        /// The coordinator's state folder; made, and removed afterwards.
        public var folder: String
        public var build: String
        public var logger: Logger

        /// Names the parts.
        public init(
            workers: Int, seconds: Double, shardSeconds: Double, isCurve: Bool, folder: String, build: String,
            logger: Logger
        ) {
            self.workers = workers
            self.seconds = seconds
            self.shardSeconds = shardSeconds
            self.isCurve = isCurve
            self.folder = folder
            self.build = build
            self.logger = logger
        }
    }

    /// The coordinator's own figures at one moment.
    private struct Moment {
        let use = ProcessUse.now()
        let commits: Int
        let commitSeconds: Double
        let lagSeconds: Double
        let ticks: Int
        let failures: Double

        init(_ metrics: CoordinatorMetrics) {
            commits = metrics.commitSeconds.count
            commitSeconds = metrics.commitSeconds.sum
            lagSeconds = metrics.loopLag.sum
            ticks = metrics.loopLag.count
            failures = metrics.storeFailures.value + metrics.malformedMessages.value + metrics.workersLost.value
        }
    }

    /// Shards a second that the job is made for where workers take no time at all.
    private static let mostShardsPerSecond = 4_000.0

    private let order: Order

    /// Nothing started yet.
    public init(_ order: Order) {
        self.order = order
    }

    /// Runs this program with `arguments` as the workers' process, and returns what was measured as text. Throws
    /// `InputError`.
    public func run(workers arguments: (Endpoints, WorkerKeyFiles?) -> [String]) throws -> String {
        DescriptorLimit.raise()
        defer { try? FileManager.default.removeItem(atPath: order.folder) }
        var config = CoordinatorConfig(state: order.folder)
        config.endpoints = Endpoints(control: "tcp://127.0.0.1:*", data: "tcp://127.0.0.1:*")
        let keys = order.isCurve ? try BenchKeys(folder: order.folder + "/keys") : nil
        config.keys = keys?.server
        let service = try CoordinatorService(
            config, parts: .init(kinds: WorkKinds([BenchKind()]), build: order.build, logger: order.logger))
        defer { service.stop() }
        try submit(to: service.endpoints, keys?.operators)

        let process = try LineProcess("/proc/self/exe", arguments(service.endpoints, keys?.worker))
        guard try process.line() == Self.begin else { throw process.failure() }
        let before = Moment(service.metrics)
        guard let line = try process.line() else { throw process.failure() }
        let after = Moment(service.metrics)
        let report: SimulatedWorkers.Report
        do {
            report = try JSONDecoder().decode(SimulatedWorkers.Report.self, from: Data(line.utf8))
        } catch {
            throw InputError("the workers' process", expected: "a report", found: line, kind: .temporary)
        }
        return Self.text(order, report, before, after)
    }

    /// What the workers' process says when measuring begins.
    public static let begin = "begin"

    private func submit(to endpoints: Endpoints, _ keys: ClientKeys?) throws {
        let client = try CoordinatorClient(endpoint: endpoints.control, keys: keys)
        let rate = min(Self.mostShardsPerSecond, 1.2 * Double(order.workers) / order.shardSeconds)
        let shards = Int(rate * (order.seconds + 2 * order.shardSeconds + 10)) + 4 * order.workers
        let id = try client.submit(
            JobSource(specText: "shards: \(shards)", specFile: "bench", folder: "/"),
            as: JobLabel(kind: BenchKind.name, name: "bench"))
        while try client.show(id).summary.state == .planning { Thread.sleep(forTimeInterval: 0.2) }
        let summary = try client.show(id).summary
        if let error = summary.error { throw error }
    }

    private static func text(
        _ order: Order, _ report: SimulatedWorkers.Report, _ before: Moment, _ after: Moment
    ) -> String {
        func rate(_ count: Int) -> String { number(Double(count) / report.seconds, 0) }
        func times(_ summary: Latencies.Summary) -> String {
            "p50 \(number(summary.median * 1000, 1)) ms, p99 \(number(summary.p99 * 1000, 1)) ms, "
                + "longest \(number(summary.longest * 1000, 1)) ms"
        }
        let (messages, bytes) = (
            report.traffic.messagesIn + report.traffic.messagesOut, report.traffic.bytesIn + report.traffic.bytesOut
        )
        let commits = after.commits - before.commits
        let lag = (after.lagSeconds - before.lagSeconds) / Double(max(1, after.ticks - before.ticks))
        return [
            "workers           \(order.workers), \(order.isCurve ? "CURVE" : "no keys"), "
                + "\(number(order.shardSeconds, 2)) s a shard, \(number(report.seconds, 1)) s measured",
            "joining           \(number(report.joinSeconds, 1)) s until all were welcome",
            "leases            \(rate(report.leases)) a second",
            "results           \(rate(report.results)) a second, \(report.rejected) rejected",
            "messages          \(rate(messages)) a second, \(rate(bytes / 1000)) KB a second, "
                + "\(report.traffic.dropped) dropped",
            "lease answer      \(times(report.leaseAnswer))",
            "acknowledgement   \(times(report.acknowledgement))",
            "transactions      \(rate(commits)) a second, "
                + "\(number((after.commitSeconds - before.commitSeconds) / Double(max(1, commits)) * 1000, 2)) ms each",
            "loop lag          \(number(lag * 1000, 2)) ms on average",
            "losses            \(Int(after.failures - before.failures)) workers, messages or results",
            "coordinator       \(use(after.use.since(before.use), report.seconds))",
            "workers' process  \(use(report.use, report.seconds))",
        ].joined(separator: "\n")
    }

    private static func use(_ use: ProcessUse, _ seconds: Double) -> String {
        func megabytes(_ bytes: Int) -> String { number(Double(bytes) / 1e6, 0) + " MB" }
        return "\(number(use.processor / seconds * 100, 0)) % of a core, \(megabytes(use.memory)) at the end, "
            + "\(megabytes(use.peakMemory)) at most"
    }

    private static func number(_ value: Double, _ digits: Int) -> String {
        String(format: "%.\(digits)f", value)
    }
}
