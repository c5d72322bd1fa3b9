import Foundation
import Inputs
import Transformers

/// How a limit of memory is used: how many tokens are computed at a time.
///
/// A pure function of sizes. Results do not depend on it.
public struct MemoryPlan: Sendable, Hashable, CustomStringConvertible {
    /// What a task takes, in bytes.
    public struct Needs: Sendable, Hashable {
        /// The program itself.
        public var program = 32 << 20
        /// What is kept free for results: that of the shard that is computed, and the one on its way.
        public var results = 32 << 20
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
        var fixed: Int { sum(program, results, dictionaries, forward.adapters, scratch, forward.weights) }
        /// Of threads, whatever they work on.
        var scratch: Int { sum(forward.scratch, encoding) }
        /// For each token of a batch.
        var perToken: Int { sum(forward.perToken, encodingPerToken) }
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
                limit, needs.fixed, "this job (\(Self.parts(needs)))", kind: .configuration)
        }
        (self.needs, self.limit, self.tokens, self.longest) = (needs, limit, tokens, longest)
        let least = sum(needs.fixed, product(longest, sum(needs.perTokenOfLongest, needs.perToken)))
        guard least <= limit else {
            throw Self.tooSmall(limit, least, "a prompt of \(longest) tokens", kind: .temporary)
        }
        batchTokens = Self.batchTokens(
            needs, room: limit - needs.fixed - longest * needs.perTokenOfLongest, most: max(tokens, longest))
    }

    private static func batchTokens(_ needs: Needs, room: Int, most: Int) -> Int {
        needs.perToken > 0 ? min(most, room / needs.perToken) : most
    }

    /// Most tokens of the next batch if results take `results` bytes; the longest of its prompts has `longest` tokens.
    ///
    /// Results take as much as they hold, so they are measured while they grow. What they take beyond their reserve is
    /// taken from batches. Throws `InputError` of kind `temporary` if no prompt has room beside them.
    public func batchTokens(beside results: Int, longest: Int) throws -> Int {
        let beyond = max(0, results - needs.results)
        let least = sum(needs.fixed, beyond, self.longest * needs.perTokenOfLongest, longest * needs.perToken)
        guard least <= limit else {
            throw Self.tooSmall(
                limit, least, "a prompt of \(longest) tokens beside results of \(results >> 20)MiB",
                hint: "raise the limit, or make shards smaller (shard_tokens)", kind: .temporary)
        }
        let room = limit - needs.fixed - self.longest * needs.perTokenOfLongest - beyond
        return Self.batchTokens(needs, room: room, most: batchTokens)
    }

    private static func tooSmall(
        _ limit: Int, _ needed: Int, _ what: String, hint: String = "raise the limit, or give the worker fewer threads",
        kind: InputError.Kind
    ) -> InputError {
        // Rounded up, so that the size that is named is enough.
        let mebibytes = (needed >> 20) + (needed.isMultiple(of: 1 << 20) ? 0 : 1)
        return InputError(
            "--memory", expected: "at least \(mebibytes)MiB for a worker, for \(what)",
            found: "\(limit >> 20)MiB", hint: hint, kind: kind)
    }

    /// Bytes of residual streams and whatever else comes with tokens.
    private var activations: Int { batchTokens * needs.perToken + longest * needs.perTokenOfLongest }

    /// All that it comes to.
    public var bytes: Int { needs.fixed + activations }

    public var description: String {
        "memory plan: \(Self.size(bytes)) of \(Self.size(limit)) = \(Self.parts(needs)) + activations "
            + "\(Self.size(activations)) (\(batchTokens) tokens at a time)"
    }

    /// The fixed parts.
    private static func parts(_ needs: Needs) -> String {
        let streamed =
            needs.streamedDictionaries > 0
            ? " (\(needs.streamedDictionaries) of \(needs.dictionaryCount) read for each batch)" : ""
        return [
            ("program", sum(needs.program, needs.results), ""), ("dictionaries", needs.dictionaries, streamed),
            ("adapters", needs.forward.adapters, ""),
            ("weights", needs.forward.weights, " (one of \(needs.forward.layerCount) layers at a time)"),
            ("scratch", needs.scratch, ""),
        ].filter { $0.1 > 0 }.map { "\($0.0) \(size($0.1))\($0.2)" }.joined(separator: " + ")
    }

    /// A size in the largest unit that leaves something before the point.
    private static func size(_ bytes: Int) -> String {
        let units = [("GiB", 30), ("MiB", 20), ("KiB", 10)]
        guard let (name, bits) = units.first(where: { bytes >> $0.1 > 0 }) else { return "\(bytes) bytes" }
        return String(format: "%.1f ", Double(bytes) / Double(1 << bits)) + name
    }
}

/// A sum of sizes; `Int.max` if it overflows.
private func sum(_ sizes: Int...) -> Int {
    sizes.reduce(0) { sum, size in
        let (next, overflow) = sum.addingReportingOverflow(size)
        return overflow ? Int.max : next
    }
}

/// A product of sizes; `Int.max` if it overflows.
private func product(_ a: Int, _ b: Int) -> Int {
    let (product, overflow) = a.multipliedReportingOverflow(by: b)
    return overflow ? Int.max : product
}
