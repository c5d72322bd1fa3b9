import Evaluation
import Inputs
import Prompts
import Work

/// Judges results of one task. Two results of a shard agree if they are the same: jobs stay with one number system, because
/// the last digits decide which token is the strongest.
struct ExemplarsJudge: ResultJudge {
    let task: ExemplarsTask

    func check(_ result: [UInt8], shard: WorkShard) throws -> CheckedResult {
        try reading(shard) {
            let decoded = try decoded(result, shard)
            let content = try ExemplarsCodec.content(decoded)
            return CheckedResult(contentDigest: content.digest, contentBytes: content.bytes)
        }
    }

    func compare(_ one: [UInt8], _ other: [UInt8], shard: WorkShard) throws -> ResultComparison {
        try reading(shard) {
            let (one, other) = (try decoded(one, shard), try decoded(other, shard))
            return one == other ? .identical : .differs(Self.difference(one, other))
        }
    }

    /// Reads a result, and throws where it cannot be true of its shard.
    func decoded(_ result: [UInt8], _ shard: WorkShard) throws -> ExemplarsResult {
        let decoded = try ExemplarsCodec.decode(result, task: task)
        switch (decoded, try ExemplarsShard(shard, of: task)) {
        case (.texts(let hooks), .texts(let work)):
            let check = ExemplarsCheck(task: task, work: work)
            for (hook, found) in zip(task.hooks, hooks) { try check.check(found, of: hook) }
        case (.geometry(let geometry), .dictionary(let hook)):
            try GeometryCheck(task: task, hook: task.hooks[hook]).check(geometry)
        default: throw ByteError("result.form", expected: "that of its shard", found: "the other")
        }
        return decoded
    }

    private func reading<Value>(_ shard: WorkShard, _ body: () throws -> Value) throws -> Value {
        do {
            return try body()
        } catch let error as ByteError {
            throw error.inputError("shard \(shard.index)")
        }
    }

    private static func difference(_ one: ExemplarsResult, _ other: ExemplarsResult) -> String {
        guard case .texts(let one) = one, case .texts(let other) = other else { return "the latents' geometry differs" }
        for (hook, (one, other)) in zip(one, other).enumerated() where one != other {
            let latents = zip(one.latents, other.latents).count { $0 != $1 }
            return "hook \(hook): \(latents) latents differ"
        }
        return "they differ"
    }
}
