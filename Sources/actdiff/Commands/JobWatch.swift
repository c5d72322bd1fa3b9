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

    /// Shows progress until the job has ended; throws the job's own error if it failed.
    func untilDone() throws {
        var progress = ProgressLine()
        defer { progress.end() }
        while true {
            let summary = try client.show(job).summary
            progress.show(summary)
            switch summary.state {
            case .planning, .running: Thread.sleep(forTimeInterval: Self.interval)
            case .done, .partial: return
            case .failed:
                throw summary.error ?? InputError("job \(job)", expected: "to succeed", found: "a failure")
            case .cancelled:
                throw InputError(
                    "job \(job)", expected: "to end by itself", found: "it was cancelled", kind: .temporary)
            }
        }
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
