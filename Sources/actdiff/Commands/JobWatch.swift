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

    /// How long a coordinator may be away, such as for a restart, before the watch is given up.
    private static let patience = 300.0

    /// Shows progress until the job has ended; throws the job's own error if it failed. Returns the job as it ended, done
    /// or partial.
    func untilDone() throws -> JobDetail {
        var progress = ProgressLine()
        defer { progress.end() }
        var detail = try client.show(job)
        while true {
            let summary = detail.summary
            progress.show(summary)
            switch summary.state {
            case .planning, .running:
                Thread.sleep(forTimeInterval: Self.interval)
                detail = try patientShow()
            case .done, .partial: return detail
            case .failed:
                throw summary.error ?? InputError("job \(job)", expected: "to succeed", found: "a failure")
            case .cancelled:
                throw InputError(
                    "job \(job)", expected: "to end by itself", found: "it was cancelled", kind: .temporary)
            }
        }
    }
}

extension JobWatch {
    /// Asks about the job, again and again while nobody answers who did before: the coordinator may be starting anew.
    private func patientShow() throws -> JobDetail {
        let end = Date(timeIntervalSinceNow: Self.patience)
        var hasTold = false
        while true {
            do {
                return try client.show(job)
            } catch let error as InputError where error.kind == .unreachable && Date() < end {
                if !hasTold { Terminal.say("the coordinator does not answer; still trying") }
                hasTold = true
            }
        }
    }
}

extension JobDetail {
    /// Throws, after a partial job's results are shown, what is missing from them: a script must not take them for whole.
    func refuseToBePartial(hint: String) throws {
        guard summary.state == .partial, let first = quarantined.first else { return }
        throw InputError(
            "job \(summary.id)", expected: "all \(summary.shardsTotal) shards",
            found: "\(summary.quarantined) missing; the first, shard \(first.shard): \(first.error)",
            hint: hint, kind: first.error.kind)
    }
}

/// A finished job's bundle on this machine: in the folder the user named, or in a temporary one.
struct FetchedBundle {
    let client: CoordinatorClient
    let job: JobID
    let folder: String?

    /// Fetches the bundle and calls `body` with its folder.
    func use(_ body: (String) throws -> Void) throws {
        if let folder {
            let path = Start.absolute(folder)
            try client.fetchBundle(of: job, to: path)
            try body(path)
            Terminal.say("result bundle: \(folder)")
        } else {
            let temporary = NSTemporaryDirectory() + "actdiff-\(UUID().uuidString)"
            defer { try? FileManager.default.removeItem(atPath: temporary) }
            try client.fetchBundle(of: job, to: temporary)
            try body(temporary)
        }
    }
}
