import Inputs
import Work

/// Judges results of one task.
struct LatentsJudge: ResultJudge {
    let task: DiffTask

    func check(_ result: [UInt8], shard: WorkShard) throws -> CheckedResult {
        try reading(shard) {
            let decoded = try ShardResultCodec.decode(result, task: task, work: task.work(shard))
            let content = try ShardResultCodec.uncompressed(decoded)
            return CheckedResult(contentDigest: content.digest, contentBytes: content.bytes)
        }
    }

    func compare(_ one: [UInt8], _ other: [UInt8], shard: WorkShard) throws -> ResultComparison {
        let work = try task.work(shard)
        return try reading(shard) {
            ResultComparison(
                try ShardResultCodec.decode(one, task: task, work: work),
                try ShardResultCodec.decode(other, task: task, work: work), task: task, work: work)
        }
    }

    private func reading<Value>(_ shard: WorkShard, _ body: () throws -> Value) throws -> Value {
        do {
            return try body()
        } catch let error as ByteError {
            throw error.inputError("shard \(shard.index)")
        }
    }
}
