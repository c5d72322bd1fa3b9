import Inputs
import Wire

extension CoordinatorCore {
    /// Refuses to begin where results of another build of actdiff would have to be thrown away and nobody has said that they
    /// may be: shards of two builds are never mixed. Throws `InputError`.
    static func refuseForeignResults(in store: JobStore, build: String, config: CoordinatorConfig) throws {
        guard !config.dropsForeignResults else { return }
        let list = try foreignJobs(in: store, build: build).compactMap { job in
            try store.done(of: job.id)[job.id].map {
                "\(job.id) (\($0.shards) of \(job.shards) shards, by \(job.plannedBy))"
            }
        }
        guard !list.isEmpty else { return }
        throw InputError(
            store.path, expected: "open jobs of this build of actdiff, \(build)",
            found: "results of another one: \(list.joined(separator: ", "))",
            hint: "end these jobs with the program that began them, or compute them again with --drop-foreign-results",
            kind: .configuration)
    }

    /// Plans jobs of another build anew, before anything is handed out: what could not be folded is not computed.
    func dropForeignPlans() throws {
        for job in try Self.foreignJobs(in: store, build: build) {
            let dropped = try store.done(of: job.id)[job.id]?.shards ?? 0
            logger.warning(
                "planned by another build of actdiff; it is planned anew",
                metadata: ["job": "\(job.id)", "build": "\(job.plannedBy)", "dropped": "\(dropped) shards"])
            workshop.forget(job.id)
            try store.dropPlan(of: job)
        }
    }

    private static func foreignJobs(in store: JobStore, build: String) throws -> [StoredJob] {
        try store.openJobs().filter { $0.state == .running && $0.build != build }
    }
}
