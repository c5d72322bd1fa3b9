import Foundation
import Inputs
import Wire

/// Jobs that have ended go, because an operator says so or because they are older than the configuration keeps them.
extension CoordinatorCore {
    /// Seconds between two looks for jobs that are old enough to go.
    private static var pruneSeconds: Double { 3600 }

    /// Removes a job that has ended.
    func remove(_ job: StoredJob) throws {
        guard try store.markRemoved(job) else {
            throw InputError(
                "job \(job.id)", expected: "a job that has ended", found: "one that is \(job.state.rawValue)",
                hint: "call it off first: actdiff cancel \(job.id)", kind: .usage)
        }
        forget([job.id])
    }

    /// Removes jobs that ended more than so many seconds ago, or only says which these are.
    func prune(olderThan seconds: Int, isTrial: Bool) throws -> [JobSummary] {
        let end = max(0, Int(Date().timeIntervalSince1970).subtractingReportingOverflow(seconds).partialValue)
        if isTrial { return try store.jobs(endedBefore: end, limit: WireLimits.rows).map(JobSummary.init) }
        let jobs = try store.markRemoved(endedBefore: end, limit: WireLimits.rows)
        forget(jobs.map(\.id))
        return jobs.map(JobSummary.init)
    }

    /// Removes what is older than the configuration keeps it, once an hour.
    func pruneIfDue(at now: Double) {
        guard let keep = config.keep, now >= pruneAt else { return }
        pruneAt = now + Self.pruneSeconds
        do {
            _ = try prune(olderThan: keep.seconds, isTrial: false)
        } catch {
            logger.warning("old jobs are removed later", metadata: ["error": "\(error)"])
        }
    }

    private func forget(_ jobs: [JobID]) {
        guard !jobs.isEmpty else { return }
        for job in jobs {
            logger.info("removed", metadata: ["job": "\(job)"])
            running[job] = nil
        }
        workshop.clear()
    }
}
