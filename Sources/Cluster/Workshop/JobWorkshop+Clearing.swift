import Inputs
import Logging
import Wire

/// What removed jobs leave behind is cleared away, however many there are, while others compute.
extension JobWorkshop {
    /// Rows that go in one transaction, and pages that are given back in one: commits of results wait no longer than for
    /// one of these.
    private static let (rowsAtOnce, pagesAtOnce) = (1_000, 1_000)

    /// Clears away what is left of jobs that are marked as removed, also of those that an earlier coordinator had begun to
    /// clear. Files go first: as long as a row is there, something is left to do.
    func clear() {
        clearing.async { [weak self] in self?.clearNow() }
    }

    private func clearNow() {
        do {
            let jobs = try store.removedJobs()
            for job in jobs {
                queue(of: job.id).sync { close(job.id, keepingSnapshot: false) }
                folds.withLock { $0.queues[job.id] = nil }
                try Bundle(folder: folder.bundle(of: job.id.text)).remove()
                while try store.removeRows(of: job, atMost: Self.rowsAtOnce) {}
            }
            while try store.giveBack(pages: Self.pagesAtOnce) {}
            if !jobs.isEmpty { logger.info("cleared away", metadata: ["jobs": "\(jobs.count)"]) }
        } catch {
            logger.warning("removed jobs are cleared away later", metadata: ["error": "\(error)"])
            again(on: clearing) { $0.clearNow() }
        }
    }
}
