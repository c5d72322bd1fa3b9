import Foundation
import Monitoring
import Wire

/// All that a coordinator counts and measures, for Prometheus.
///
/// A label never holds what grows with the work: no shard, prompt or host. Those are in the log and in the story of a
/// shard.
public final class CoordinatorMetrics: Sendable {
    /// Where a shard stands.
    public enum Shard: String, MetricLabel {
        case waiting, leased, committing, committed, quarantined
        public static let labelName = "state"
    }

    /// Seen from the coordinator.
    public enum Direction: String, MetricLabel {
        case `in`, out
        public static let labelName = "direction"
    }

    /// Before compression, or as it is on the wire.
    public enum Stage: String, MetricLabel {
        case raw, lz4
        public static let labelName = "stage"
    }

    /// Why a connection was refused.
    public enum Refusal: String, MetricLabel {
        case unknownKey = "unknown_key"
        case noKey = "no_key"
        case wrongRole = "wrong_role"
        case malformed
        public static let labelName = "reason"
    }

    /// Shards of the jobs that run, by state; set after every tick.
    public let shards: Family<Shard, Gauge>
    /// Jobs by state; counted in the store when somebody asks, see `StatusPages.text`.
    public let jobs: Family<JobState, Gauge>
    /// Connected workers by state; set after every tick.
    public let workers: Family<WorkerState, Gauge>

    public let leasesGranted: Counter
    public let leasesExpired: Counter
    public let speculativeLeases: Counter
    public let shardFailures: Counter
    public let shardRetries: Counter
    public let quarantined: Counter
    public let duplicateResults: Counter
    public let digestAlarms: Counter
    public let verifications: Family<Scheduler.Verification, Counter>
    public let tokensCommitted: Counter

    public let workersLost: Counter
    public let workersDismissed: Counter
    /// Seconds; set after every tick, 0 without workers.
    public let lastSeen: Gauge

    public let bytes: Family<LabelPair<Direction, Stage>, Counter>
    /// Bytes of results that have arrived in part.
    public let resultsBuffered: Gauge
    public let creditStallSeconds: Counter
    public let disconnects: Counter
    public let malformedMessages: Counter
    public let authFailures: Family<Refusal, Counter>

    /// Seconds by which a tick was late.
    public let loopLag: Histogram
    /// Seconds from the message that frees a slot to the lease that fills it being handed to the socket.
    public let leaseAnswer: Histogram
    public let foldSeconds: Histogram
    public let commitSeconds: Histogram
    public let storeFailures: Counter

    private let registry = MetricsRegistry(prefix: "actdiff")

    /// Everything at zero. `build` is a version, and after a plus sign what tells two executables of it apart.
    public init(build: String) {
        shards = registry.gauges("shards", "Shards of running jobs, by state.", by: Shard.self)
        jobs = registry.gauges("jobs", "Jobs that the coordinator knows, by state.", by: JobState.self)
        workers = registry.gauges("workers", "Connected workers, by state.", by: WorkerState.self)

        leasesGranted = registry.counter("lease_granted_total", "Leases given to workers.")
        leasesExpired = registry.counter("lease_expired_total", "Leases that nobody renewed in time.")
        speculativeLeases = registry.counter(
            "speculative_leases_total", "Leases for shards that another worker was still computing.")
        shardFailures = registry.counter("shard_failures_total", "Failures of shards that workers reported.")
        shardRetries = registry.counter(
            "shard_retries_total", "Shards that were given out again after a failure, an expired lease or a loss.")
        quarantined = registry.counter("quarantined_total", "Shards set aside after failing on several workers.")
        duplicateResults = registry.counter(
            "duplicate_results_total", "Results of shards that were committed already.")
        digestAlarms = registry.counter(
            "digest_alarms_total", "Shards of which two computations differ: somebody's numbers are wrong.")
        verifications = registry.counters(
            "verifications_total", "Shards computed a second time on another worker, by outcome.",
            by: Scheduler.Verification.self
        )
        tokensCommitted = registry.counter("tokens_committed_total", "Tokens of committed shards.")

        workersLost = registry.counter("workers_lost_total", "Workers that fell silent or died.")
        workersDismissed = registry.counter(
            "workers_dismissed_total", "Workers that were sent away after failing several shards.")
        lastSeen = registry.gauge(
            "worker_last_seen_seconds", "Seconds since the most silent of the connected workers was heard.")

        bytes = registry.counters(
            "bytes_total",
            "Bytes of results and leases before compression (raw) and as sent (lz4); leases are not compressed.",
            by: LabelPair<Direction, Stage>.self)
        resultsBuffered = registry.gauge("results_buffered_bytes", "Bytes of results that have arrived in part.")
        creditStallSeconds = registry.counter(
            "credit_stall_seconds_total", "Seconds that workers waited for credit, summed over workers.")
        disconnects = registry.counter("disconnects_total", "Connections that ended.")
        malformedMessages = registry.counter("malformed_messages_total", "Messages that could not be read.")
        authFailures = registry.counters(
            "auth_failures_total", "Connections and requests that were refused, by reason.", by: Refusal.self)

        loopLag = registry.histogram(
            "loop_lag_seconds", "How late the deciding thread came to its next tick.", bounds: Self.reaction)
        leaseAnswer = registry.histogram(
            "lease_answer_seconds", "From the message that frees a worker's slot to the lease that fills it.",
            bounds: Self.reaction)
        foldSeconds = registry.histogram(
            "fold_seconds", "From a job's last commit to its bundle.",
            bounds: [0.01, 0.1, 0.5, 1, 5, 10, 30, 60, 300, 900, 3600])
        commitSeconds = registry.histogram(
            "sqlite_commit_seconds", "Transactions that write, until they are on the disk.", bounds: Self.reaction)
        storeFailures = registry.counter(
            "store_failures_total", "Results, leases, jobs or bundles that could not be stored.")

        registry.gauge(
            "process_resident_memory_bytes", "Memory of the coordinator's process.", reading: Self.residentBytes)
        let start = Date().timeIntervalSince1970
        registry.gauge("start_time_seconds", "When the coordinator started, in seconds since 1970.") { start }
        registry.info(
            "build_info", "Version and build of the coordinator.",
            [("version", String(build.prefix { $0 != "+" })), ("build", build)])
    }

    /// All of it in Prometheus' text format.
    public func text() -> String { registry.text() }

    /// Upper bounds in seconds for what should take milliseconds.
    private static let reaction = [
        0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30,
    ]

    /// Resident bytes of this process, from the second field of `/proc/self/statm` (pages; see proc(5)).
    @Sendable package static func residentBytes() -> Double {
        guard let text = try? String(contentsOfFile: "/proc/self/statm", encoding: .utf8) else { return .nan }
        let fields = text.split(separator: " ")
        guard fields.count > 1, let pages = Double(fields[1]) else { return .nan }
        return pages * Double(sysconf(Int32(_SC_PAGESIZE)))
    }
}

extension JobState: MetricLabel {
    public static let labelName = "state"
}

extension WorkerState: MetricLabel {
    public static let labelName = "state"
}

extension Scheduler.Verification: MetricLabel {
    public static let labelName = "outcome"
}
