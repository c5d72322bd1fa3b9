import Inputs
import Wire

extension CoordinatorCore {
    /// Jobs that another build of actdiff planned, looked at before anything is handed out: shards of two builds are never
    /// mixed, and what could not be folded is not computed.
    ///
    /// Jobs without results are planned anew. Throws `InputError` where results would have to be thrown away and nobody
    /// has said that they may be.
    func dropForeignPlans() throws {
        let foreign = try store.openJobs().filter { $0.state == .running && $0.build != build }
        var done: [JobID: JobStore.Done] = [:]
        for job in foreign { done[job.id] = try store.done(of: job.id)[job.id] }
        let costly = foreign.filter { done[$0.id] != nil }
        guard costly.isEmpty || config.dropsForeignResults else {
            let list = costly.map {
                "\($0.id) (\(done[$0.id]?.shards ?? 0) of \($0.shards) shards, by \($0.plannedBy))"
            }
            throw InputError(
                store.path, expected: "open jobs of this build of actdiff, \(build)",
                found: "results of another one: \(list.joined(separator: ", "))",
                hint:
                    "end these jobs with the program that began them, or compute them again with --drop-foreign-results",
                kind: .configuration)
        }
        for job in foreign {
            logger.warning(
                "planned by another build of actdiff; it is planned anew",
                metadata: [
                    "job": "\(job.id)", "build": "\(job.plannedBy)", "dropped": "\(done[job.id]?.shards ?? 0) shards",
                ])
            workshop.forget(job.id)
            try store.dropPlan(of: job)
        }
    }
}
