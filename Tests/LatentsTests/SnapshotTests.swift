import Inputs
import TestSupport
import Testing
@testable import Latents
@testable import LatentsSamples

@Suite struct SnapshotTests {
    /// Folding in pieces, with a snapshot and a new reducer between any two, is folding at once.
    @Test(arguments: 0..<40 as Range<UInt64>)
    func foldingOnFromASnapshotIsFoldingAtOnce(seed: UInt64) throws {
        let job = try RandomJob(seed: seed)
        // Every other job skips some of its shards.
        let skips = Set(
            job.results.indices.dropFirst().filter { _ in
                seed % 2 == 1 && Int.random(in: 0..<4, using: &job.random) == 0
            })
        func step(_ reducer: inout Reducer, _ shard: Int) throws {
            if skips.contains(shard) { try reducer.skip() } else { try reducer.fold(job.results[shard]) }
        }
        var whole = job.reducer()
        for shard in job.results.indices { try step(&whole, shard) }

        var pieces = job.reducer()
        var restarts = 0
        for shard in job.results.indices {
            if Bool.random(using: &job.random) {
                let bytes = try pieces.snapshot()
                #expect(bytes.count == pieces.snapshotSize)
                pieces = try job.reducer(bytes)
                #expect(try pieces.snapshot() == bytes && pieces.nextShard == shard)
                restarts += 1
            }
            try step(&pieces, shard)
        }
        #expect(restarts > 0)
        #expect(try pieces.snapshot() == whole.snapshot())
        pieces = try job.reducer(pieces.snapshot())
        let (found, expected) = (try pieces.diffs(), try whole.diffs())
        #expect(found == expected)
        for (found, expected) in zip(found, expected) {
            for name in expected.columns.names {
                let bits = (found.columns[name] ?? []).map(\.bitPattern)
                #expect(bits == (expected.columns[name] ?? []).map(\.bitPattern), "\(name)")
            }
        }
    }

    @Test func theSnapshotsOfTheSameFoldAreTheSameBytes() throws {
        var one = try RandomJob(seed: 4).reducer()
        let job = try RandomJob(seed: 4)
        var two = job.reducer()
        for result in job.results {
            try one.fold(result)
            try two.fold(result)
        }
        #expect(try one.snapshot() == two.snapshot())
    }

    @Test func anyDamageIsRefused() throws {
        let job = try RandomJob(seed: 5)
        var reducer = job.reducer()
        for result in job.results.prefix(3) { try reducer.fold(result) }
        let good = try reducer.snapshot()
        for _ in 0..<300 {
            var bytes = good
            let what: String
            switch Int.random(in: 0..<3, using: &job.random) {
            case 0:
                bytes[Int.random(in: bytes.indices, using: &job.random)] ^= UInt8.random(
                    in: 1...255, using: &job.random)
                what = "digest: "
            case 1:
                bytes.removeLast(Int.random(in: 1...bytes.count, using: &job.random))
                what = bytes.count < 86 ? "size: expected 86 bytes or more, found \(bytes.count)" : "digest: "
            default:
                bytes += (0..<Int.random(in: 1...9, using: &job.random)).map { _ in UInt8(0) }
                what = "digest: "
            }
            let text = try complaint { _ = try job.reducer(bytes) }
            #expect(text.hasPrefix("fold snapshot: \(what)"), "\(text)")
        }
    }

    /// Content that cannot be, under a digest that is right: refused with what is wrong, never a crash.
    @Test(arguments: [
        ("letters", "fold snapshot: letters: expected ADRC, found others"),
        ("version", "fold snapshot: version: expected 1, found 2"),
        ("owner", "fold snapshot: owner: expected job, task and prompts"),
        ("next", "fold snapshot: next shard: expected 0 to"),
        ("skips", "fold snapshot: number of skipped shards: expected 0 to 3, found 18446744073709551615"),
        ("skip", "fold snapshot: skipped shard: expected 0 to 2, found 3"),
        ("sum", "fold snapshot: sums: expected finite numbers, found one that is not"),
        ("active", "fold snapshot: active counts: expected at most"),
        ("flips", "fold snapshot: number of differences: expected 0 to 134217728, found"),
        ("prompt", "fold snapshot: differences: expected"),
        ("short", "fold snapshot:"),
        ("long", "fold snapshot: end: expected nothing more, found 1 bytes left over"),
    ])
    func contentThatCannotBeIsRefused(fault: String, expected: String) throws {
        let job = try RandomJob(seed: 7)
        var reducer = job.reducer()
        for result in job.results.prefix(3) { try reducer.fold(result) }
        var bytes = Array(try reducer.snapshot().dropLast(32))
        let latents = job.task.hooks[0].latents
        func put(_ value: UInt64, at offset: Int) {
            withUnsafeBytes(of: value.littleEndian) { bytes.replaceSubrange(offset..<offset + 8, with: $0) }
        }
        let body = 4 + 2 + 32 + 16
        // The last table of differences ends the body: count, then 16 bytes for each.
        let last = try #require(reducer.tuned.last?.flips?.count)
        let flips = bytes.count - 16 * last
        #expect(last > 0)
        switch fault {
        case "letters": bytes[0] = 0
        case "version": bytes[4] = 2
        case "owner": bytes[6] ^= 1
        case "next": put(1 << 40, at: 38)
        case "skips": put(.max, at: 46)
        case "skip":
            put(1, at: 46)
            bytes.insert(contentsOf: [3, 0, 0, 0, 0, 0, 0, 0], at: body)
        case "sum": put(Double.nan.bitPattern, at: body)
        case "active": put(1 << 40, at: body + 8 * latents)
        case "flips": put(1 << 50, at: flips - 8)
        case "prompt": bytes[flips + 2] = 1
        case "short": bytes.removeLast(5)
        default: bytes.append(0)
        }
        let text = try complaint { _ = try job.reducer(bytes + Digest(of: bytes).bytes) }
        #expect(text.hasPrefix(expected), "\(text)")
    }

    @Test func theCheckpointOfAnotherJobIsRefused() throws {
        let job = try RandomJob(seed: 8)
        var reducer = job.reducer()
        try reducer.fold(job.results[0])
        let bytes = try reducer.snapshot()
        var spec = job.spec
        spec.seed = 99
        var ids = job.ids
        ids[0] = "another"
        var task = job.task
        task.base.digest = Digest(of: "other weights")
        let renamed = prompts(job.counts, ids: ids, masks: job.spec.masks)
        for (spec, task, prompts) in [
            (spec, job.task, job.prompts), (job.spec, task, job.prompts), (job.spec, job.task, renamed),
        ] {
            let text = try complaint { _ = try Reducer(spec: spec, task: task, prompts: prompts, snapshot: bytes) }
            #expect(text.hasPrefix("fold snapshot: owner: expected job, task and prompts"), "\(text)")
        }
    }
}
