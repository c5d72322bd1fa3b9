import Evaluation
import Inputs
import Latents
import Prompts
import TestSupport
import Wire
import Work

/// Random values of everything that travels.
struct Samples {
    var random: SeededGenerator

    init(seed: UInt64) {
        random = SeededGenerator(seed: seed)
    }

    mutating func int(_ range: ClosedRange<Int>) -> Int { Int.random(in: range, using: &random) }

    mutating func flag() -> Bool { Bool.random(using: &random) }

    mutating func list<Element>(_ counts: ClosedRange<Int>, of make: (inout Samples) -> Element) -> [Element] {
        (0..<int(counts)).map { _ in make(&self) }
    }

    mutating func string(upTo length: Int = 12) -> String {
        let letters = Array("abcXYZ 019-_/:\n\u{0}\"äß漢🙂")
        return String(list(0...length) { letters[$0.int(0...letters.count - 1)] })
    }

    mutating func bytes(_ counts: ClosedRange<Int>) -> [UInt8] {
        list(counts) { UInt8.random(in: 0...255, using: &$0.random) }
    }

    mutating func digest() -> Digest { Digest(of: bytes(0...8)) }

    mutating func job() throws -> JobID {
        let letters = Array("abcdefghijklmnopqrstuvwxyz0123456789-")
        let text = String(list(1...64) { letters[$0.int(0...letters.count - 1)] })
        guard let job = JobID(text) else { throw ByteError("sample", expected: "the name of a job", found: text) }
        return job
    }

    mutating func lease() throws -> LeaseID {
        LeaseID(job: try job(), shard: int(0...1 << 31), epoch: int(0...1 << 31))
    }

    mutating func leases() throws -> [LeaseID] { try (0..<int(0...4)).map { _ in try lease() } }

    mutating func instance() -> InstanceID { InstanceID(high: random.next(), low: random.next()) }

    mutating func error() -> InputError {
        let kind = InputError.Kind.allCases[int(0...InputError.Kind.allCases.count - 1)]
        return InputError(string(), expected: string(), found: string(), hint: string(), kind: kind)
    }

    mutating func payload() -> Payload {
        Payload(kind: string(), version: UInt16(int(0...65_535)), bytes: bytes(0...100))
    }

    mutating func input() -> DiffTask.Input { DiffTask.Input(path: "/" + string(), digest: digest()) }

    mutating func task() -> DiffTask {
        DiffTask(
            base: input(),
            tuned: list(0...3) {
                DiffTask.Tuned(name: $0.string(), form: $0.flag() ? .adapter : .checkpoint, input: $0.input())
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

    mutating func work(shard: Int, masks: Int, prompts: ClosedRange<Int> = 0...5) -> ShardWork {
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
    mutating func result(_ task: DiffTask, _ work: ShardWork) -> ShardResult {
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
