import Foundation
import GRDB
import Inputs
import Wire

/// What the fold reads while a job runs.
extension JobStore {
    /// Digests of committed results from `shard` on: up to `limit` of them, up to the first shard without one. None for a
    /// job that does not run.
    func committed(of job: StoredJob, from shard: Int, limit: Int) throws -> [Digest] {
        try read { db in
            let rows = try Optional<String>.fetchAll(
                db,
                sql: """
                    SELECT shards.digest FROM shards JOIN jobs ON jobs.sequence = shards.job
                    WHERE job = ? AND shard >= ? AND jobs.state = ? ORDER BY shard LIMIT ?
                    """,
                arguments: [job.sequence, shard, JobState.running.rawValue, limit])
            return try rows.prefix { $0 != nil }.enumerated().map { index, hex in
                guard let digest = hex.flatMap(Digest.init(hex:)) else {
                    throw Row.damaged("digest", of: "job \(job.id), shard \(shard + index)", hex ?? "NULL")
                }
                return digest
            }
        }
    }
}
