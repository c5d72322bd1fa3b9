import Inputs
import Work

/// Judges results of one task. Whether the counts are right only another computation can tell; here they must be possible.
struct CountsJudge: ResultJudge {
    let task: CountsTask

    func check(_ result: [UInt8], shard: WorkShard) throws -> CheckedResult {
        _ = try ShardCountsCodec.decode(result, task: task, work: task.work(shard))
        return CheckedResult(contentDigest: Digest(of: result), contentBytes: result.count)
    }

    /// Whole numbers are equal or not, whatever they were computed with.
    func compare(_ one: [UInt8], _ other: [UInt8], shard: WorkShard) throws -> ResultComparison {
        let work = try task.work(shard)
        let (one, other) = (
            try ShardCountsCodec.decode(one, task: task, work: work),
            try ShardCountsCodec.decode(other, task: task, work: work)
        )
        for (prompt, (left, right)) in zip(work.prompts, zip(one.prompts, other.prompts)) where left != right {
            return .differs(Self.difference(left, right, place: "prompt \(prompt.index)"))
        }
        return .identical
    }

    private static func difference(_ one: [ShardCounts.Entry], _ other: [ShardCounts.Entry], place: String) -> String {
        func counts(_ entries: [ShardCounts.Entry]) -> [Int: Int] {
            Dictionary(entries.map { ($0.token, $0.count) }) { first, _ in first }
        }
        let (left, right) = (counts(one), counts(other))
        let tokens = Set(left.keys).union(right.keys).filter { left[$0] != right[$0] }
        let first = tokens.min() ?? 0
        return "\(tokens.count) counts of \(place); token \(first): \(left[first] ?? 0) and \(right[first] ?? 0)"
    }
}
