import Evaluation
import Foundation
import Inputs
import Latents
import Prompts
import TestSupport
import LatentsSamples
import Testing

@Suite("Shard results")
struct ShardResultCodecTests {
    @Test("A result comes back bit by bit, empty rows, no prompts and denormals included")
    func roundTrip() throws {
        var samples = Samples(seed: 11)
        for round in 0..<200 {
            let task = samples.task()
            let work = samples.work(shard: round, masks: task.masks.count, prompts: round == 0 ? 0...0 : 0...5)
            let result = samples.result(task, work)
            let bytes = try ShardResultCodec.encode(result)
            let decoded = try ShardResultCodec.decode(bytes, task: task, work: work)
            #expect(decoded == result)
            // -0.0 equals 0.0, so equality alone does not see a lost sign.
            #expect(decoded.tables.map { $0.sums.map(\.bitPattern) } == result.tables.map { $0.sums.map(\.bitPattern) })
            #expect(try ShardResultCodec.encode(decoded) == bytes)
            #expect(try ShardResultCodec.digest(of: decoded) == ShardResultCodec.digest(of: result))
        }
    }

    @Test("Results that differ in one bit of one sum have different digests")
    func digest() throws {
        let (task, work, result) = Self.small
        var other = result
        other.tables[0].sums[1] = other.tables[0].sums[1].nextUp
        #expect(try ShardResultCodec.digest(of: result) != ShardResultCodec.digest(of: other))
        #expect(try ShardResultCodec.decode(ShardResultCodec.encode(other), task: task, work: work) == other)
    }

    @Test("A result cut short anywhere is refused, a changed byte refused or decoded to a valid result")
    func corruption() throws {
        var samples = Samples(seed: 12)
        var refused = 0
        var accepted = 0
        for round in 0..<30 {
            let task = samples.task()
            let work = samples.work(shard: round, masks: task.masks.count)
            let bytes = try ShardResultCodec.encode(samples.result(task, work))
            for length in bytes.indices {
                #expect(throws: ByteError.self) {
                    try ShardResultCodec.decode(Array(bytes.prefix(length)), task: task, work: work)
                }
            }
            for _ in 0..<300 {
                let changed = samples.corrupted(bytes)
                guard let other = try? ShardResultCodec.decode(changed, task: task, work: work) else {
                    refused += 1
                    continue
                }
                accepted += 1
                #expect(
                    try ShardResultCodec.decode(ShardResultCodec.encode(other), task: task, work: work) == other)
            }
        }
        print("corrupted results: \(refused) refused, \(accepted) decoded to something else")
        #expect(refused > 1000 && accepted > 100)
    }

    /// Two prompts of 3 and 1 tokens, one mask, a base and no tuned checkpoint, a dictionary of 10 latents.
    private static let small: (DiffTask, ShardWork, ShardResult) = {
        let input = TaskInput(path: "/m", digest: Digest(of: "m"))
        let hook = DiffTask.Hook(point: HookPoint(layer: 1, site: .residPost), dictionary: input, latents: 10)
        let task = DiffTask(base: input, tuned: [], hooks: [hook], masks: [.all])
        let work = ShardWork(
            index: 5,
            prompts: [
                PromptTokens(index: 0, ids: [1, 2, 3], masks: [1, 1, 1]), PromptTokens(index: 1, ids: [1], masks: [1]),
            ])
        var table = LatentSums()
        table.append(latent: 2, sum: 1.5, active: 3)
        table.append(latent: 9, sum: 0.25, active: 1)
        table.endRow()
        table.endRow()
        return (task, work, ShardResult(shard: 5, tokenCounts: [[3, 1]], tables: [table]))
    }()

    @Test("What does not fit the task or the shard is refused with both values")
    func mismatch() throws {
        let (task, work, result) = Self.small
        func refusal(_ change: (inout DiffTask, inout ShardWork, inout ShardResult) -> Void) -> String? {
            var (task, work, result) = (task, work, result)
            change(&task, &work, &result)
            return #expect(throws: ByteError.self) {
                try ShardResultCodec.decode(ShardResultCodec.encode(result), task: task, work: work)
            }?.description
        }
        #expect(refusal { task, work, result in work.index = 6 } == "result.shard: expected 6, found 5")
        #expect(refusal { task, work, result in work.prompts.removeLast() } == "result.prompts: expected 1, found 2")
        #expect(refusal { task, work, result in task.masks = [.all, .last] } == "result.masks: expected 2, found 1")
        #expect(
            refusal { task, work, result in task.hooks.append(task.hooks[0]) } == "result.tables: expected 2, found 1")
        #expect(
            refusal { task, work, result in task.hooks[0].latents = 9 }
                == "result.table 0: expected ascending latents below 9, found 9")
        #expect(
            refusal { task, work, result in result.tokenCounts[0][0] = 2 }
                == "result.tokenCounts of prompt 0 under mask all: expected 3, found 2")
        #expect(
            refusal { task, work, result in result.tables[0].active[1] = 4 }
                == "result.table 0, latent 9: expected 1 to 3 active tokens, found 4")
        #expect(
            refusal { task, work, result in result.tables[0].active[0] = 0 }
                == "result.table 0, latent 2: expected 1 to 3 active tokens, found 0")
        #expect(
            refusal { task, work, result in result.tables[0].sums[0] = -1.5 }
                == "result.table 0, latent 2: expected a sum above zero, found -1.5")
        // Of a linear dictionary all latents are active on all masked tokens, and sums have either sign.
        #expect(
            refusal { task, work, result in task.hooks[0].rule = .linear }
                == "result.table 0: expected all 10 latents, found 2")
        func linear(_ task: inout DiffTask, _ result: inout ShardResult) {
            task.hooks[0].rule = .linear
            task.hooks[0].latents = 1
            result.tables[0] = LatentSums()
            for tokens in [UInt32(3), 1] {
                result.tables[0].append(latent: 0, sum: -2.5, active: tokens)
                result.tables[0].endRow()
            }
        }
        #expect(
            refusal { task, work, result in
                linear(&task, &result)
                result.tables[0].active[0] = 2
            } == "result.table 0, latent 0: expected 3 active tokens, all masked ones, found 2")
        var (plain, sums) = (task, result)
        linear(&plain, &sums)
        #expect(try ShardResultCodec.decode(ShardResultCodec.encode(sums), task: plain, work: work) == sums)
    }

    @Test("An inconsistent result is not encoded")
    func inconsistent() throws {
        let result = Self.small.2
        func refusal(_ change: (inout ShardResult) -> Void) -> String? {
            var result = result
            change(&result)
            return #expect(throws: ByteError.self) { try ShardResultCodec.encode(result) }?.description
        }
        #expect(
            refusal { $0.tables[0].latents = [9, 9] }
                == "result.table 0: expected ascending latents, found 9 at entry 1")
        #expect(
            refusal { $0.tables[0].sums[0] = .nan } == "result.table 0: expected finite sums, found one that is not")
        #expect(
            refusal { $0.tables[0].rowStarts = [0, 3, 2] }
                == "result.table 0: expected ascending row starts, found 0, then 3")
        #expect(
            refusal { $0.tables[0].rowStarts = [0, 2] } == "result.tokenCounts: expected 1 prompts, found 2")
        #expect(
            refusal { $0.tables[0].sums.removeLast() }
                == "result.table 0: expected 2 rows over 2 entries, found rows [0, 2, 2], 1 sums, 2 counts")
    }

    @Test("A result that claims more entries than there are latents is refused")
    func tooManyEntries() throws {
        let (task, work, result) = Self.small
        var bytes = try ShardResultCodec.encode(result)
        // Magic, version, then one byte each for shard, prompts, masks, tables and entries.
        #expect(bytes[10] == 2)
        bytes[10] = 21
        let error = #expect(throws: ByteError.self) { try ShardResultCodec.decode(bytes, task: task, work: work) }
        #expect(error?.description == "result.entries: expected 0 to 20, found 21")
    }

    @Test("A column that claims more than LZ4 could have packed is refused before it is allocated")
    func decompressionBomb() throws {
        let (_, work, result) = Self.small
        var task = Self.small.0
        task.hooks[0].latents = 1 << 26
        var bytes = try ShardResultCodec.encode(result)
        bytes.replaceSubrange(10...10, with: [0x80, 0x80, 0x80, 0x1e])
        let error = #expect(throws: ByteError.self) { try ShardResultCodec.decode(bytes, task: task, work: work) }
        #expect(
            error?.description
                == "result.latents: expected bytes for 62914560 numbers of 4 bytes, found 8 bytes, stored")
    }

    @Test("Real-looking results shrink, and the ratio is printed")
    func ratio() throws {
        // 64 prompts of 60 tokens, base and two tuned, masks of three kinds, about 800 of 4096 latents in a row.
        var samples = Samples(seed: 13)
        let input = samples.input()
        let hook = DiffTask.Hook(point: HookPoint(layer: 15, site: .residPost), dictionary: input, latents: 4096)
        let tuned = TunedInput(name: "t", form: .adapter, input: input)
        let task = DiffTask(base: input, tuned: [tuned, tuned], hooks: [hook], masks: [.all, .content, .last])
        let masks: [UInt8] = (0..<60).map { $0 < 30 ? 1 : $0 < 59 ? 3 : 7 }
        let work = ShardWork(
            index: 0,
            prompts: (0..<64).map { PromptTokens(index: $0, ids: [UInt32](repeating: 1, count: 60), masks: masks) })
        let tokens = [60, 30, 1]
        let result = ShardResult(
            shard: 0, tokenCounts: tokens.map { [UInt32](repeating: UInt32($0), count: 64) },
            tables: (0..<9).map { index in
                var table = LatentSums()
                // The last token alone has 32 latents (top-k), 60 tokens share about 800.
                let perRow = [800, 500, 32][index % 3]
                for _ in 0..<64 {
                    for latent in 0..<4096 where samples.int(0...4095) < perRow {
                        let active = min(tokens[index % 3], 1 + Int(pow(Double(samples.int(0...99)) / 100, 8) * 60))
                        // Sums of float32 activations, so that the low bits of the float64 are mostly empty.
                        let sum = (0..<active).reduce(0.0) { sum, _ in
                            sum + Double(Float.random(in: 0...6, using: &samples.random))
                        }
                        table.append(latent: UInt32(latent), sum: sum, active: UInt32(active))
                    }
                    table.endRow()
                }
                return table
            })
        let entries = result.tables.reduce(0) { $0 + $1.latents.count }
        let clock = ContinuousClock()
        let start = clock.now
        let bytes = try ShardResultCodec.encode(result)
        let encoded = clock.now
        #expect(try ShardResultCodec.decode(bytes, task: task, work: work) == result)
        let decoded = clock.now
        let raw = entries * 16
        print(
            "LZ4 of \(entries) entries: \(raw) bytes to \(bytes.count), ratio \(Double(raw) / Double(bytes.count)),",
            "encode \(start.duration(to: encoded)), decode and compare \(encoded.duration(to: decoded))")
        #expect(Double(raw) / Double(bytes.count) > 1.5)
    }
}
