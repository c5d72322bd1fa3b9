import Inputs
import Prompts
import Work

/// What a bundle shows of a job's texts: the tokens of exemplars' windows, and how often each text stands in the corpus.
struct ShownTexts {
    /// Of all sequences, and those that may count.
    private(set) var tokens = 0
    private(set) var counted = 0
    /// Tokens of windows by place.
    private var windows: [UInt64: [UInt32]] = [:]
    private var counts: [UInt64: Int] = [:]

    /// Goes through all sequences once. `checkCancelled` is called for each shard; what it throws ends that.
    init(_ fold: ExemplarsFold, checkCancelled: () throws -> Void) throws {
        var shown: [Int: [Exemplar]] = [:]
        for exemplar in fold.found.lazy.flatMap(\.latents).flatMap(\.exemplars) {
            shown[exemplar.sequence, default: []].append(exemplar)
            counts[exemplar.key] = 0
        }
        for index in 0..<fold.shardCount {
            try checkCancelled()
            guard case .texts(let work) = try ExemplarsShard(fold.shard(index), of: fold.task) else { continue }
            tokens += work.tokenCount
            for prompt in work.prompts {
                for position in prompt.ids.indices where prompt.masks[position] & 1 == 1 {
                    counted += 1
                    let key = TextKey.of(prompt.ids, at: position)
                    if let count = counts[key] { counts[key] = count + 1 }
                }
                for exemplar in shown[prompt.index] ?? [] {
                    let start = exemplar.position - exemplar.before
                    windows[exemplar.place] = Array(prompt.ids[start..<start + exemplar.width])
                }
            }
        }
    }

    /// The tokens of an exemplar's window.
    func ids(of exemplar: Exemplar) throws -> [UInt32] {
        guard let ids = windows[exemplar.place] else {
            throw InputError("the fold", expected: "sequence \(exemplar.sequence) in a shard", found: "none")
        }
        return ids
    }

    /// How many tokens that count stand at the end of the same text.
    func times(_ key: UInt64) -> Int { counts[key] ?? 0 }
}
