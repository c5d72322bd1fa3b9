import Inputs
import Work

/// A job whose shards are handed out or were.
struct RunningJob {
    let job: StoredJob
    let task: Payload
    /// `Payload.digest` of the task.
    let taskDigest: Digest
    let judge: any ResultJudge
    /// Of each shard.
    let tokens: [Int]
    /// Shards that are to be computed a second time.
    let verifiedCount: Int
}
