import Cluster
import Foundation
import Inputs
import Wire

/// Follows a job on a coordinator.
struct JobWatch {
    /// How often the coordinator is asked.
    private static let interval = 0.5

    let client: CoordinatorClient
    let job: JobID
    /// The command that watches it again.
    let again: String

    /// How long a coordinator may be away, such as for a restart, before the watch is given up.
    static let patience = 300.0

    /// Waits until the job is planned; throws the job's own error if it cannot be.
    func untilPlanned() throws {
        var progress = ProgressLine()
        defer { progress.end() }
        try untilInterrupted {
            while true {
                let summary = try patientShow().summary
                if let error = summary.error { throw error }
                if summary.state == .cancelled { throw cancelled }
                if summary.state != .planning { return }
                // Without a terminal nobody has to be told that it takes a while.
                if Terminal.isInteractive { progress.show(summary) }
                Thread.sleep(forTimeInterval: Self.interval / 5)
            }
        }
    }

    /// Ctrl-C ends the command; whoever presses it must know that it does not end the job.
    private func untilInterrupted<Value>(_ body: () throws -> Value) rethrows -> Value {
        let signals = EndSignals([SIGINT, SIGTERM]) { [job, again] in
            let error = InputError(
                "job \(job)", expected: "to be watched to its end", found: "an interruption",
                hint: "the job goes on; watch it again with: \(again)", kind: .temporary)
            Terminal.leaveLine()
            Terminal.complain(error.description)
            _exit(error.kind.exitStatus)
        }
        // Afterwards they do what they usually do.
        defer { for number in [SIGINT, SIGTERM] { signal(number, SIG_DFL) } }
        return try withExtendedLifetime(signals, body)
    }

    /// Shows progress until the job has ended; throws the job's own error if it failed. Returns the job as it ended, done
    /// or partial.
    func untilDone() throws -> JobDetail {
        try untilInterrupted { try shownUntilDone() }
    }

    private func shownUntilDone() throws -> JobDetail {
        var progress = ProgressLine()
        defer { progress.end() }
        var detail = try client.show(job)
        var told: Set<String> = []
        while true {
            let summary = detail.summary
            progress.show(summary)
            tellUnfitWorkers(detail, &told)
            tellLackOfWorkers(detail, &told)
            switch summary.state {
            case .planning, .running:
                Thread.sleep(forTimeInterval: Self.interval)
                detail = try patientShow()
            case .done, .partial: return detail
            case .failed:
                throw summary.error ?? InputError("job \(job)", expected: "to succeed", found: "a failure")
            case .cancelled: throw cancelled
            }
        }
    }

    private var cancelled: InputError {
        InputError("job \(job)", expected: "to end by itself", found: "it was cancelled", kind: .temporary)
    }
}

extension JobWatch {
    /// Says of each worker once that it cannot do the job: with no other worker the job waits.
    private func tellUnfitWorkers(_ detail: JobDetail, _ told: inout Set<String>) {
        for worker in detail.workers where !told.contains(worker.name) {
            guard let unfit = worker.unfit.first(where: { $0.job == job }) else { continue }
            told.insert(worker.name)
            Terminal.complain("worker \(Printable.line(worker.name)) cannot do \(job): \(unfit.error)")
        }
    }

    /// Says once that no worker is there: a job waits for the first one as long as it takes.
    private func tellLackOfWorkers(_ detail: JobDetail, _ told: inout Set<String>) {
        let nobody = "no worker is connected; the job waits for one (actdiff worker)"
        guard detail.summary.state == .running, detail.workers.isEmpty, !told.contains(nobody) else { return }
        guard let workers = try? client.workers(), workers.isEmpty else { return }
        told.insert(nobody)
        Terminal.say(nobody)
    }

    /// Asks about the job, again and again while nobody answers who did before: the coordinator may be starting anew.
    private func patientShow() throws -> JobDetail {
        try Self.patiently { try client.show(job) }
    }

    /// Calls `ask` again and again for a while, as long as no coordinator answers.
    static func patiently<Value>(_ ask: () throws -> Value) throws -> Value {
        let end = Date(timeIntervalSinceNow: patience)
        var hasTold = false
        while true {
            do {
                return try ask()
            } catch let error as InputError where error.kind == .unreachable && Date() < end {
                if !hasTold { Terminal.say("the coordinator does not answer; still trying") }
                hasTold = true
            }
        }
    }
}

/// A finished job's bundle on this machine: in the folder the user named, or in a temporary one.
struct FetchedBundle {
    let client: CoordinatorClient
    let job: JobID
    let folder: String?
    /// Whether to ask again where nobody answers: somebody did a moment ago.
    var isPatient = false

    /// Fetches the bundle and calls `body` with its folder. Interrupted, it leaves nothing behind but what is whole.
    func use<Value>(_ body: (String) throws -> Value) throws -> Value {
        if let folder {
            let path = Start.absolute(folder)
            return try cleaning(nil) {
                try fetch(to: path)
                let value = try body(path)
                Terminal.say("result bundle: \(folder)")
                return value
            }
        }
        let temporary = NSTemporaryDirectory() + "actdiff-\(UUID().uuidString)"
        defer { try? FileManager.default.removeItem(atPath: temporary) }
        return try cleaning(temporary) {
            try fetch(to: temporary)
            return try body(temporary)
        }
    }

    private func fetch(to path: String) throws {
        guard isPatient else { return try client.fetchBundle(of: job, to: path) }
        do {
            try JobWatch.patiently { try client.fetchBundle(of: job, to: path) }
        } catch var error as InputError where error.kind == .unreachable {
            error.hint = "the job has ended; its bundle can be fetched later: actdiff results \(job) --save FOLDER"
            throw error
        }
    }

    /// Ctrl-C ends the command; what it has begun to write goes with it.
    private func cleaning<Value>(_ temporary: String?, _ body: () throws -> Value) throws -> Value {
        let signals = EndSignals([SIGINT, SIGTERM]) { [job] in
            NewFolder.discardDrafts()
            if let temporary { try? FileManager.default.removeItem(atPath: temporary) }
            let error = InputError(
                "job \(job)", expected: "its results to be fetched and shown", found: "an interruption",
                kind: .temporary)
            Terminal.complain(error.description)
            _exit(error.kind.exitStatus)
        }
        defer { for number in [SIGINT, SIGTERM] { signal(number, SIG_DFL) } }
        return try withExtendedLifetime(signals, body)
    }
}
