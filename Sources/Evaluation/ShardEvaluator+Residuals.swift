import Diffing
import Transformers

extension ShardEvaluator {
    /// The residual streams of a shard at a hook, [tokens, width] row-major for the base and then each tuned checkpoint.
    public func residuals(_ work: ShardWork, hook: Int) throws -> [[Float]] {
        let depth = task.hooks[hook].point.blocksBelow
        var streams = Array(repeating: [Float](), count: task.checkpointCount)
        try backend.run(PackedSequences(work.prompts.map(\.ids)), depths: [depth], afterBlock: {}) { stream in
            for variant in stream.variants { streams[checkpoints[variant]] = Array(stream.rows) }
        }
        return streams
    }
}
