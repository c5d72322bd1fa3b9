import Foundation
import Inputs
import Transformers

/// How a limit of memory is used: how many tokens are computed at a time.
///
/// A pure function of sizes. Results do not depend on it.
public struct MemoryPlan: Sendable, Hashable, CustomStringConvertible {
    /// What a task takes, in bytes.
    public struct Needs: Sendable, Hashable {
        /// The program itself, and results on their way.
        public var program = 64 << 20
        public var forward = ForwardMemory()
        public var dictionaries = 0
        /// How many dictionaries there are, and how many of them are read for each batch.
        public var dictionaryCount = 0
        public var streamedDictionaries = 0
        /// Of the encoders' threads, and for each token of a batch.
        public var encoding = 0
        public var encodingPerToken = 0

        /// The program alone.
        public init() {}

        /// What does not depend on prompts.
        var fixed: Int { program + dictionaries + forward.adapters + scratch + forward.weights }
        /// Of threads, whatever they work on.
        var scratch: Int { forward.scratch + encoding }
        /// For each token of a batch.
        var perToken: Int { forward.perToken + encodingPerToken }
        /// For each token of the longest prompt.
        var perTokenOfLongest: Int { forward.perTokenOfLongest }
    }

    public let needs: Needs
    /// Bytes that it must do with.
    public let limit: Int
    /// Most tokens of a batch: all weights are read once for each.
    public let batchTokens: Int
    /// Tokens of the largest shard that it was made for.
    public let tokens: Int
    /// Tokens of the longest prompt that it has room for.
    public let longest: Int

    /// Plans for shards of `tokens` tokens with prompts of up to `longest`: in one batch, or in batches as large as fit.
    ///
    /// Throws `InputError` where the limit is too small, of kind `temporary` where it is so for the longest prompt only.
    public init(_ needs: Needs, limit: Int, tokens: Int, longest: Int) throws {
        guard needs.fixed <= limit else {
            throw Self.tooSmall(
                limit, needs.fixed, "this job (\(Self.parts(needs, limit)))", kind: .configuration)
        }
        let room = limit - needs.fixed - longest * needs.perTokenOfLongest
        guard longest * needs.perToken <= room else {
            throw Self.tooSmall(
                limit, limit - room + longest * needs.perToken, "a prompt of \(longest) tokens", kind: .temporary)
        }
        (self.needs, self.limit, self.tokens, self.longest) = (needs, limit, tokens, longest)
        let most = max(tokens, longest)
        batchTokens = needs.perToken > 0 ? min(most, room / needs.perToken) : most
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

    /// All that it comes to.
    public var bytes: Int { needs.fixed + activations }

    public var description: String {
        "memory plan: \(Self.number(bytes, limit)) of \(Self.number(limit, limit)) \(Self.unit(limit).name) = "
            + "\(Self.parts(needs, limit)) + activations \(Self.number(activations, limit)) "
            + "(\(batchTokens) tokens at a time)"
    }

    /// The fixed parts, in the unit that goes with a limit.
    private static func parts(_ needs: Needs, _ limit: Int) -> String {
        let streamed =
            needs.streamedDictionaries > 0
            ? " (\(needs.streamedDictionaries) of \(needs.dictionaryCount) read for each batch)" : ""
        return [
            ("program", needs.program, ""), ("dictionaries", needs.dictionaries, streamed),
            ("adapters", needs.forward.adapters, ""),
            ("weights", needs.forward.weights, " (one of \(needs.forward.blockCount) blocks at a time)"),
            ("scratch", needs.scratch, ""),
        ].filter { $0.1 > 0 }.map { "\($0.0) \(number($0.1, limit))\($0.2)" }.joined(separator: " + ")
    }

    private static func unit(_ limit: Int) -> (name: String, bytes: Double) {
        limit >= 1 << 30 ? ("GiB", Double(1 << 30)) : ("MiB", Double(1 << 20))
    }

    private static func number(_ bytes: Int, _ limit: Int) -> String {
        String(format: "%.1f", Double(bytes) / unit(limit).bytes)
    }
}
