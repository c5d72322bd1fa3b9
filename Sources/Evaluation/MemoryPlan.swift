import Foundation
import Inputs

/// How a limit of memory is used: how many tokens are computed at a time, and how many blocks of weights stay.
///
/// A pure function of sizes. Results do not depend on it.
public struct MemoryPlan: Sendable, Hashable, CustomStringConvertible {
    /// What a task takes, in bytes.
    public struct Needs: Sendable, Hashable {
        /// The program itself, and results on their way.
        public var program = 64 << 20
        public var dictionaries = 0
        /// How many dictionaries there are, and how many of them are read for each batch.
        public var dictionaryCount = 0
        public var streamedDictionaries = 0
        public var adapters = 0
        /// Of threads, whatever they work on.
        public var scratch = 0
        /// For each token of a batch.
        public var perToken = 0
        /// For each token of the longest prompt.
        public var perTokenOfLongest = 0
        /// Weights of each block in the order in which they are needed.
        public var blocks: [Int] = []
        /// What all blocks that do not stay need together.
        public var streaming = 0

        /// The program alone.
        public init() {}

        /// What does not depend on prompts and weights.
        fileprivate var fixed: Int { program + dictionaries + adapters + scratch }
    }

    public let needs: Needs
    /// Bytes that it must do with.
    public let limit: Int
    /// Most tokens of a batch.
    public let batchTokens: Int
    /// Tokens of the largest shard that it was made for.
    public let tokens: Int
    /// Tokens of the longest prompt that it has room for.
    public let longest: Int
    /// Blocks that stay, from the first one on; the others are read for each batch.
    public let keptBlocks: Int

    /// More batches of a shard are not weighed against each other.
    private static let mostBatches = 256

    /// Plans for shards of `tokens` tokens with prompts of up to `longest`.
    ///
    /// The less has to be read again the better: of the ways to cut a shard into batches it takes the one that reads the
    /// fewest bytes of weights, and of these the one with the fewest batches. Throws `InputError` where the limit is too
    /// small, of kind `temporary` where it is so for the longest prompt only.
    public init(_ needs: Needs, limit: Int, tokens: Int, longest: Int) throws {
        let all = needs.blocks.reduce(0, +)
        let least = needs.fixed + min(all, needs.streaming)
        guard least <= limit else {
            let weights = Self.number(min(all, needs.streaming), limit)
            throw Self.tooSmall(
                limit, least,
                "this job (\(Self.parts(needs, limit)) + one block of weights \(weights) \(Self.unit(limit).name))",
                kind: .configuration)
        }
        var best: (read: Int, kept: Int, weights: Int)?
        // The last way, batches no larger than the longest prompt, is always among them.
        let most = max(1, (tokens + max(longest, 1) - 1) / max(longest, 1))
        for batches in Array(1...min(most, Self.mostBatches)) + [most] {
            let size = max(longest, (tokens + batches - 1) / batches)
            if let (kept, weights, bytes) = Self.weights(needs, limit: limit, tokens: size, longest: longest) {
                let read = batches * (all - bytes)
                if best.map({ read < $0.read }) ?? true { best = (read, kept, weights) }
                if read == 0 { break }
            }
        }
        guard let best else {
            let needed = least + longest * (needs.perToken + needs.perTokenOfLongest)
            throw Self.tooSmall(limit, needed, "a prompt of \(longest) tokens", kind: .temporary)
        }
        (self.needs, self.limit, keptBlocks) = (needs, limit, best.kept)
        (self.tokens, self.longest) = (tokens, longest)
        // What is left over makes batches larger, so that whole prompts fill them better.
        let room = limit - needs.fixed - longest * needs.perTokenOfLongest - best.weights
        batchTokens = needs.perToken > 0 ? min(max(tokens, longest), room / needs.perToken) : max(tokens, longest)
    }

    /// The weights that fit beside a batch: how many blocks stay, all that weights take, and what of it stays.
    private static func weights(
        _ needs: Needs, limit: Int, tokens: Int, longest: Int
    ) -> (kept: Int, bytes: Int, keptBytes: Int)? {
        let room = limit - needs.fixed - tokens * needs.perToken - longest * needs.perTokenOfLongest
        let all = needs.blocks.reduce(0, +)
        if all <= room { return (needs.blocks.count, all, all) }
        var (kept, bytes) = (0, 0)
        while kept < needs.blocks.count, bytes + needs.blocks[kept] + needs.streaming <= room {
            bytes += needs.blocks[kept]
            kept += 1
        }
        return needs.streaming <= room ? (kept, bytes + needs.streaming, bytes) : nil
    }

    private static func tooSmall(_ limit: Int, _ needed: Int, _ what: String, kind: InputError.Kind) -> InputError {
        // Rounded up, so that the number does when it is given.
        let mebibytes = (needed + (1 << 20) - 1) >> 20
        return InputError(
            "--memory", expected: "at least \(mebibytes)MiB for a worker, for \(what)",
            found: "\(limit >> 20)MiB", hint: "raise the limit, or give the worker fewer threads", kind: kind)
    }

    /// Bytes of residual streams and whatever else comes with tokens.
    private var activations: Int { batchTokens * needs.perToken + longest * needs.perTokenOfLongest }

    /// Bytes of weights, and of what those that do not stay need.
    private var weights: Int {
        needs.blocks.prefix(keptBlocks).reduce(0, +) + (keptBlocks < needs.blocks.count ? needs.streaming : 0)
    }

    /// All that it comes to.
    public var bytes: Int { needs.fixed + activations + weights }

    public var description: String {
        let count = needs.blocks.count
        let kept =
            switch keptBlocks {
            case count: "all \(count) blocks kept"
            case 0: "none of \(count) blocks kept, all read for each batch"
            default: "\(keptBlocks) of \(count) blocks kept, the others read for each batch"
            }
        return "memory plan: \(Self.number(bytes, limit)) of \(Self.number(limit, limit)) \(Self.unit(limit).name) = "
            + "\(Self.parts(needs, limit)) + activations \(Self.number(activations, limit)) (\(batchTokens) tokens at a time) "
            + "+ weights \(Self.number(weights, limit)) (\(kept))"
    }

    /// The fixed parts, in the unit that goes with a limit.
    private static func parts(_ needs: Needs, _ limit: Int) -> String {
        let streamed =
            needs.streamedDictionaries > 0
            ? " (\(needs.streamedDictionaries) of \(needs.dictionaryCount) read for each batch)" : ""
        return [
            ("program", needs.program, ""), ("dictionaries", needs.dictionaries, streamed),
            ("adapters", needs.adapters, ""), ("scratch", needs.scratch, ""),
        ].filter { $0.1 > 0 }.map { "\($0.0) \(number($0.1, limit))\($0.2)" }.joined(separator: " + ")
    }

    private static func unit(_ limit: Int) -> (name: String, bytes: Double) {
        limit >= 1 << 30 ? ("GiB", Double(1 << 30)) : ("MiB", Double(1 << 20))
    }

    private static func number(_ bytes: Int, _ limit: Int) -> String {
        String(format: "%.1f", Double(bytes) / unit(limit).bytes)
    }
}
