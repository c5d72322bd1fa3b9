import Dictionaries
import Transformers

/// The sizes that decide what a task takes of memory.
struct EvaluationSizes {
    /// A dictionary is read once and for all only if this many tokens have room beside it.
    private static let usualBatch = 2048

    let hooks: [EvaluatedHook]
    let forward: ForwardMemory
    /// Of the residual stream.
    let width: Int
    let threads: Int
    /// Bytes of each token of a batch that the kind of work keeps.
    var keptPerToken = 0

    /// What the task takes of memory. As many dictionaries are loaded as leave room for the rest; the others are read for
    /// each batch. If nothing fits, what takes the least, so that the error names a size that is enough.
    func needs(limit: Int) -> MemoryPlan.Needs {
        let counts = (0...hooks.count { $0.rule == .sparse }).map { needs(streamed: $0) }
        return counts.first {
            (try? MemoryPlan($0, limit: limit, tokens: Self.usualBatch, longest: Self.usualBatch)) != nil
        } ?? counts.min { $0.dictionaries < $1.dictionaries } ?? MemoryPlan.Needs()
    }

    /// The hooks whose dictionaries stay in their files: the last `count` of those that can. Vectors are always in memory.
    func streamed(last count: Int) -> Set<Int> {
        Set(hooks.indices.filter { hooks[$0].rule == .sparse }.suffix(count))
    }

    /// What it takes if the last `streamed` dictionaries that can be left in their files are.
    func needs(streamed: Int) -> MemoryPlan.Needs {
        var needs = MemoryPlan.Needs()
        needs.forward = forward
        let inFiles = self.streamed(last: streamed)
        let encoders = hooks.enumerated().map { index, hook in
            EncoderMemory(
                latents: hook.latents, width: width, threads: threads, isStreamed: inFiles.contains(index),
                isLinear: hook.rule == .linear)
        }
        needs.dictionaryCount = encoders.count
        needs.streamedDictionaries = inFiles.count
        needs.dictionaries = encoders.reduce(0) { $0 + $1.dictionary }
        needs.encoding = encoders.reduce(0) { $0 + $1.scratch }
        // One hook after the other is encoded.
        needs.encodingPerToken = (encoders.map(\.perToken).max() ?? 0) + keptPerToken
        return needs
    }
}
