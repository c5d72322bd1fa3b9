import Prompts
import Transformers

extension ShardEvaluator {
    /// The rows of a shard at a hook, [tokens, width] row-major for the base and then each tuned checkpoint.
    public func residuals(_ work: ShardWork, hook: Int) throws -> [[Float]] {
        var streams = Array(repeating: [Float](), count: task.checkpointCount)
        let sequences = PackedSequences(work.prompts.map(\.ids))
        let request = ForwardRequest(sequences, taps: [task.hooks[hook].point.tap])
        try models.models.backend.run(request, afterLayer: {}) { stream in
            let tokens = work.prompts.indices.flatMap { stream.tokens(of: $0, in: sequences) }
            for variant in stream.variants { streams[models.models.checkpoints[variant]] = tokens }
        }
        return streams
    }
}
