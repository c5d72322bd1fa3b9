import Inputs
import Wire

// The pages as JSON has them: a field is always there, null where there is nothing to say. Names become snake_case.

struct JobsPage: Encodable {
    var jobs: [JobPage]
}

struct WorkersPage: Encodable {
    var workers: [WorkerPage]
}

struct JobPage: Encodable {
    struct Shards: Encodable {
        var done: Int
        var total: Int
        var quarantined: Int
    }

    struct Tokens: Encodable {
        var done: Int
        var total: Int
    }

    var id: String
    var name: String
    var state: String
    /// Seconds since 1970.
    var submitted: Int
    var shards: Shards
    var tokens: Tokens
    var error: OrNull<ErrorPage>

    init(_ job: ListedJob) {
        id = job.id.text
        name = job.name
        state = job.state.rawValue
        submitted = job.submitted
        shards = Shards(done: job.done.shards, total: job.shards, quarantined: job.quarantined)
        tokens = Tokens(done: job.done.tokens, total: job.tokens)
        error = OrNull(value: job.error.map(ErrorPage.init))
    }

    init(_ job: StoredJob, done: JobStore.Done?, quarantined: Int) {
        id = job.id.text
        name = job.name
        state = job.state.rawValue
        submitted = job.submitted
        shards = Shards(done: done?.shards ?? 0, total: job.shards, quarantined: quarantined)
        tokens = Tokens(done: done?.tokens ?? 0, total: job.tokens)
        error = OrNull(value: job.error.map(ErrorPage.init))
    }
}

struct JobDetailPage: Encodable {
    var job: JobPage
    /// Null for a job that does not run.
    var shardStates: OrNull<[String: Int]>
    var quarantined: [QuarantinePage]
    var verification: [String: Int]
    var workers: [WorkerPage]
}

struct QuarantinePage: Encodable {
    var shard: Int
    var error: ErrorPage
}

struct StoryPage: Encodable {
    var job: String
    var shard: Int
    var story: [StoryLinePage]
}

struct StoryLinePage: Encodable {
    /// Seconds since 1970.
    var at: Double
    var epoch: Int
    var event: String
    var worker: String
    var reason: String

    init(_ line: StoryLine) {
        at = Double(line.at) / 1000
        epoch = line.epoch
        event = line.event
        worker = line.worker
        reason = line.reason
    }
}

struct WorkerPage: Encodable {
    struct Lease: Encodable {
        var job: String
        var shard: Int
        var epoch: Int
    }

    var name: String
    var host: String
    var numberSystem: String
    var state: String
    /// Seconds since it was heard.
    var lastSeenSeconds: Double
    var leases: Int
    var running: OrNull<Lease>
    /// By job that it cannot do, the reason.
    var unfit: [String: ErrorPage]

    init(_ worker: CoordinatorSnapshot.Worker) {
        let summary = worker.summary
        name = summary.name
        host = summary.host
        numberSystem = summary.numberSystem
        state = summary.state.rawValue
        lastSeenSeconds = (worker.silence * 1000).rounded() / 1000
        leases = summary.leases
        running = OrNull(value: summary.running.map { Lease(job: $0.job.text, shard: $0.shard, epoch: $0.epoch) })
        unfit = Dictionary(summary.unfit.map { ($0.job.text, ErrorPage($0.error)) }) { first, _ in first }
    }
}

struct ErrorPage: Encodable {
    var place: String
    var expected: String
    var found: String
    var hint: String

    init(_ error: InputError) {
        place = error.place
        expected = error.expected
        found = error.found
        hint = error.hint
    }
}

/// A value, or null; an optional would leave the whole field out.
struct OrNull<Value: Encodable>: Encodable {
    var value: Value?

    func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        if let value { try container.encode(value) } else { try container.encodeNil() }
    }
}
