import Evaluation
import Inputs
import Latents
import Prompts
import TestSupport

/// Tasks, shards, and results that fit them.
extension Samples {
    public mutating func input() -> TaskInput { TaskInput(path: "/" + string(), digest: digest()) }

    public mutating func task() -> DiffTask {
        DiffTask(
            base: input(),
            tuned: list(0...3) {
                TunedInput(name: $0.string(), form: $0.flag() ? .adapter : .checkpoint, input: $0.input())
            },
            hooks: list(1...3) {
                // All latents of a linear one are in every row.
                let isLinear = $0.int(0...3) == 0
                return DiffTask.Hook(
                    point: HookPoint(layer: $0.int(0...99), site: $0.flag() ? .residPre : .residPost),
                    name: $0.flag() ? nil : "directions", dictionary: $0.input(),
                    latents: $0.int(1...(isLinear ? 5 : 5000)), rule: isLinear ? .linear : .sparse)
            },
            masks: Array(TokenMask.allCases.shuffled(using: &random).prefix(int(1...4))))
    }

    public mutating func work(shard: Int, masks: Int, prompts: ClosedRange<Int> = 0...5) -> ShardWork {
        ShardWork(
            index: shard,
            prompts: list(prompts) {
                let ids = $0.list(1...20) { UInt32.random(in: 0...($0.flag() ? 1000 : .max), using: &$0.random) }
                let bits = UInt8(1 << masks - 1)
                return PromptTokens(
                    index: $0.int(0...1 << 40), ids: ids, masks: $0.bytes(ids.count...ids.count).map { $0 & bits })
            })
    }

    /// A result that fits the task and the work, with the edges of float64 among its sums.
    public mutating func result(_ task: DiffTask, _ work: ShardWork) -> ShardResult {
        let counts = task.masks.indices.map { mask in
            work.prompts.map { UInt32($0.masks.count { $0 >> mask & 1 == 1 }) }
        }
        let edges = [
            Double.leastNonzeroMagnitude, .leastNormalMagnitude, .greatestFiniteMagnitude, 1,
            .leastNormalMagnitude / 2,
        ]
        // Only sums of signed activations can be these.
        let signed = [0, -0.0, -1.5, -Double.greatestFiniteMagnitude]
        let tables = (0..<task.tableCount).map { index in
            let hook = task.hooks[index / task.masks.count % task.hooks.count]
            let (latents, isLinear) = (hook.latents, hook.rule == .linear)
            let special = isLinear ? edges + signed : edges
            var table = LatentSums()
            for tokens in counts[index % task.masks.count] {
                var latent = tokens == 0 ? latents : isLinear ? 0 : int(0...latents)
                while latent < latents {
                    let sum =
                        flag() ? special[int(0...special.count - 1)] : Double.random(in: 0.1...100, using: &random)
                    table.append(
                        latent: UInt32(latent), sum: sum, active: isLinear ? tokens : UInt32(int(1...Int(tokens))))
                    latent += isLinear ? 1 : int(1...latents)
                }
                table.endRow()
            }
            return table
        }
        return ShardResult(shard: work.index, tokenCounts: counts, tables: tables)
    }
}
