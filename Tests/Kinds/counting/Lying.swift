import ArgumentParser
import Inputs
import Prompts
import TestSupport
import TokenCounts
import Work

/// How a worker computes wrongly.
enum Lying: String, CaseIterable, ExpressibleByArgument {
    /// It takes the first token of each shard for another one: a count is one too large, another one too small, and all of
    /// them add up.
    case swapping
    /// It adds one to the last count.
    case adding

    /// The kind on such a worker.
    var kind: WrappedKind<TokenCountsKind> {
        WrappedKind(TokenCountsKind(digests: Counting.digests, version: "0")) { honest, shard, progress in
            switch self {
            case .swapping:
                var work = try ShardWork(index: shard.index, bytes: shard.payload.bytes, maskCount: 1)
                work.prompts[0].ids[0] = work.prompts[0].ids[0] == 0 ? 1 : 0
                let other = Payload(kind: shard.payload.kind, version: shard.payload.version, bytes: work.bytes)
                return try honest.evaluate(WorkShard(index: shard.index, payload: other), progress: progress)
            case .adding:
                // A small count is one byte, and the last one is the last.
                var result = try honest.evaluate(shard, progress: progress)
                result[result.count - 1] += 1
                return result
            }
        }
    }
}
