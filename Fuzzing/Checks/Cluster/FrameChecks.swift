import Evaluation
import Inputs
import Prompts
import TestSupport
import LatentsSamples

@testable import Latents

/// Shard results and columns: what is decoded passes the coordinator's second check and comes back from both encodings.
struct FrameChecks: Checks {
    /// The first byte chooses one of `jobs`, or a column.
    func check(_ input: [UInt8]) throws {
        guard let choice = input.first else { return }
        let job = Int(choice) % (Self.jobs.count + 1)
        let bytes = Array(input.dropFirst())
        if job < Self.jobs.count { try check(bytes, of: Self.jobs[job]) } else { try checkColumn(bytes) }
    }

    /// A task and a shard of it: small, with all that can be, and with the largest dictionary.
    static let jobs: [(task: DiffTask, work: ShardWork)] = [
        job(tuned: 0, latents: [4], masks: [.all], prompts: 1),
        job(tuned: 2, latents: [300, 7], masks: [.all, .content, .last], prompts: 4),
        // As many latents as a task may have.
        job(tuned: 1, latents: [1 << 26], masks: [.last], prompts: 300),
    ]

    private static func job(
        tuned: Int, latents: [Int], masks: [TokenMask], prompts: Int
    ) -> (task: DiffTask, work: ShardWork) {
        let input = TaskInput(path: "/models", digest: Digest(of: "models"))
        let task = DiffTask(
            base: input,
            tuned: (0..<tuned).map { TunedInput(name: "tuned\($0)", form: .adapter, input: input) },
            hooks: latents.enumerated().map {
                DiffTask.Hook(
                    point: HookPoint(layer: $0.offset, site: .residPost), dictionary: input, latents: $0.element)
            },
            masks: masks)
        let work = ShardWork(
            index: 3,
            prompts: (0..<prompts).map { prompt in
                let tokens = 1 + prompt % 5
                return PromptTokens(
                    index: 40 + prompt, ids: Array(repeating: 9, count: tokens),
                    masks: (0..<tokens).map { UInt8(truncatingIfNeeded: ($0 + prompt) % (1 << masks.count)) })
            })
        return (task, work)
    }

    /// The shard's token counts, mask by mask.
    static func tokenCounts(_ job: (task: DiffTask, work: ShardWork)) -> [[UInt32]] {
        job.task.masks.indices.map { mask in
            job.work.prompts.map { UInt32($0.masks.count { $0 >> mask & 1 == 1 }) }
        }
    }

    private func check(_ bytes: [UInt8], of job: (task: DiffTask, work: ShardWork)) throws {
        guard let result = try? ShardResultCodec.decode(bytes, task: job.task, work: job.work) else { return }
        let plain = try must("uncompressed") { try ShardResultCodec.bytes(of: result, compressing: false) }
        let compressed = try must("compressed") { try ShardResultCodec.encode(result) }
        for again in [plain, compressed] {
            let other = try must("second decoding") {
                try ShardResultCodec.decode(again, task: job.task, work: job.work)
            }
            // Held against each other as bytes: 0 and -0 are equal as numbers.
            try demand(
                try must("uncompressed") { try ShardResultCodec.bytes(of: other, compressing: false) } == plain,
                "another result comes back")
        }
        try must("second check") {
            try ShardCheck(
                task: job.task, prompts: 0..<job.work.prompts.count, tokenCounts: Self.tokenCounts(job)
            ).check(result)
        }
    }

    /// The first byte chooses the width, two more the count.
    private func checkColumn(_ bytes: [UInt8]) throws {
        guard bytes.count > 3 else { return }
        let count = Int(bytes[1]) | Int(bytes[2]) << 8
        let content = Array(bytes.dropFirst(3))
        switch bytes[0] % 4 {
        case 0: try checkColumn(content, count: count, of: UInt8.self)
        case 1: try checkColumn(content, count: count, of: UInt16.self)
        case 2: try checkColumn(content, count: count, of: UInt32.self)
        default: try checkColumn(content, count: count, of: UInt64.self)
        }
    }

    private func checkColumn<Value: FixedWidthInteger>(_ bytes: [UInt8], count: Int, of type: Value.Type) throws {
        var reader = ByteReader(bytes)
        guard let values = try? Column.read("column", count: count, as: Value.self, from: &reader) else { return }
        try demand(values.count == count, "\(values.count) numbers for \(count)")
        for compressing in [false, true] {
            var writer = ByteWriter()
            Column.write(values, compressing: compressing, to: &writer)
            var reader = ByteReader(writer.bytes)
            let again = try must("second reading") {
                try Column.read("column", count: count, as: Value.self, from: &reader)
            }
            try demand(again == values && reader.remaining == 0, "another column comes back")
        }
    }

    /// Results of all jobs and columns of all widths, compressed and not.
    static func seeds() throws -> [[UInt8]] {
        var samples = Samples(seed: 2)
        var seeds: [[UInt8]] = []
        for (at, job) in jobs.enumerated() {
            let result = samples.result(job.task, job.work)
            for compressing in [false, true] {
                seeds.append([UInt8(at)] + (try ShardResultCodec.bytes(of: result, compressing: compressing)))
            }
        }
        for compressing in [false, true] {
            let counts = (0..<64).map { $0 % 7 }
            seeds.append(column(0, counts.map { UInt8($0) }, compressing))
            seeds.append(column(1, counts.map { UInt16($0) }, compressing))
            seeds.append(column(2, counts.map { UInt32($0) }, compressing))
            seeds.append(column(3, counts.map { Double($0).bitPattern }, compressing))
        }
        return seeds
    }

    private static func column(_ width: UInt8, _ values: [some FixedWidthInteger], _ compressing: Bool) -> [UInt8] {
        var writer = ByteWriter()
        Column.write(values, compressing: compressing, to: &writer)
        return [UInt8(jobs.count), width, UInt8(values.count), 0] + writer.bytes
    }
}
