import Compute
import Evaluation
import Foundation
import Inputs
import Prompts
import TestSupport
import Testing
import Work
@testable import Latents

/// A job with an SAE and directions at one hook, from its file to its bundle, on the tiny model pair.
@Suite struct DirectionsJobTests {
    private static let fixtures =
        URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent().path
        + "/ProcessTests/Fixtures"
    private static let width = 32
    private static let names = ["persona, first", "probe", "zeta"]

    private let folder: TemporaryFolder
    private let kind: LatentsKind

    init() throws {
        folder = try TemporaryFolder()
        kind = LatentsKind(digests: DigestCache(at: folder.path + "/digests.json"), version: "1.0")
        try Self.safetensors(Self.vectors).write(to: URL(fileURLWithPath: folder.path + "/vectors.safetensors"))
    }

    /// Three vectors of different lengths.
    private static let vectors = names.indices.map { vector in
        (0..<width).map { Float(($0 * (7 + vector) + vector) % 11 - 5) * (vector == 1 ? 100 : 0.5) }
    }

    private static func safetensors(_ vectors: [[Float]]) -> Data {
        var (entries, body) = ([String](), Data())
        for (name, vector) in zip(names, vectors) {
            let bytes = vector.withUnsafeBytes { Data($0) }
            entries.append(
                """
                "\(name)":{"dtype":"F32","shape":[\(vector.count)],"data_offsets":[\(body.count),\(body.count + bytes.count)]}
                """)
            body += bytes
        }
        let text = Data("{\(entries.joined(separator: ","))}".utf8)
        return withUnsafeBytes(of: UInt64(text.count).littleEndian) { Data($0) } + text + body
    }

    private func source(_ hooks: String) -> JobSource {
        JobSource(
            specText: """
                name: tiny
                base: \(Self.fixtures)/base
                tuned:
                  - {name: adapted, adapter: \(Self.fixtures)/adapter}
                  - {name: itself, checkpoint: \(Self.fixtures)/base, control: true}
                prompts: {path: \(Self.fixtures)/prompts.jsonl}
                hooks: [\(hooks)]
                masks: [content, last]
                shard_tokens: 2000
                permutations: 20
                """, specFile: "job.yaml", folder: folder.path)
    }

    private static let sae = "{layer: 2, sae: \(fixtures)/sae}"
    private static let directions = "{layer: 2, directions: vectors.safetensors}"

    /// Plans the job, computes its shards, sends each result over the wire and back, folds them, from a checkpoint after
    /// each, and writes the bundle.
    private func run(
        _ hooks: String, threads: Int = 2
    ) throws -> (task: DiffTask, works: [ShardWork], bundle: ResultBundle) {
        let source = source(hooks)
        let plan = try kind.plan(source)
        let (task, works) = try kind.opened(source)
        let shards = works.map { work in
            let payload = Payload(kind: LatentsKind.name, version: plan.shardVersion, bytes: work.bytes)
            return WorkShard(index: work.index, payload: payload)
        }
        let job = PlannedWork(
            source: source, task: plan.task, record: plan.record, shardCount: shards.count, shard: { shards[$0] })
        let judge = try kind.judge(of: plan.task)
        var fold = try kind.fold(of: job, from: nil)
        let evaluator = try ShardEvaluator(task, threads: Threads(threads))
        var digests: [Digest?] = []
        var results: [[UInt8]] = []
        for (work, shard) in zip(works, shards) {
            let bytes = try ShardResultCodec.encode(evaluator.evaluate(work, afterLayer: {}))
            digests.append(try judge.check(bytes, shard: shard).contentDigest)
            try fold.fold(bytes)
            results.append(bytes)
            fold = try kind.fold(of: job, from: fold.snapshot())
        }
        #expect(try fold.beginSecondPass(checkCancelled: {}))
        for bytes in results { try fold.review(bytes) }
        let path = folder.path + "/" + UUID().uuidString
        try fold.write(
            into: path, provenance: FoldProvenance(contentDigests: digests, numberSystems: ["any"]), checkCancelled: {})
        return (task, works, try ResultBundle(folder: path))
    }

    @Test("the SAE's files are those of a job without directions, byte for byte, and directions have their own")
    func beside() throws {
        let (both, alone) = (try run("\(Self.sae), \(Self.directions)").bundle, try run(Self.sae).bundle)
        let names = try FileManager.default.contentsOfDirectory(atPath: both.folder)
        let others = try FileManager.default.contentsOfDirectory(atPath: alone.folder)
        for name in others where name != "manifest.json" && name != "prompts.json" {
            let files = try [both, alone].map { try Document.contents(of: "\($0.folder)/\(name)") }
            #expect(files[0] == files[1], "\(name)")
        }
        let added = Set(names).subtracting(others)
        #expect(others.count == 3 + 2 * 2 * 4 && added.count == 2 * 2 * 4)
        #expect(added.allSatisfy { $0.contains(".resid_post.2.directions.") }, "\(added)")
        let results = both.entries.filter { $0.hook == "resid_post.2.directions" }
        #expect(results.count == 4 && results.allSatisfy { $0.names == Self.names && $0.fired == 3 })
    }

    @Test("the columns of directions are the means of h·v/|v| over the masked tokens; base against itself is zero")
    func columns() throws {
        let (task, works, bundle) = try run("\(Self.directions), \(Self.sae)")
        let hook = 0
        #expect(task.hooks[hook].rule == .linear && task.hooks[hook].latents == 3)
        let evaluator = try ShardEvaluator(task, threads: Threads(2))
        // [checkpoint][mask][vector], in float64 from the residual streams themselves.
        var sums = [[[Double]]](repeating: [[0, 0, 0], [0, 0, 0]], count: 3)
        var tokens = [0, 0]
        for work in works {
            let streams = try evaluator.residuals(work, hook: hook)
            var row = 0
            for bits in work.prompts.flatMap(\.masks) {
                for mask in 0..<2 where bits >> UInt8(mask) & 1 == 1 {
                    tokens[mask] += 1
                    for (checkpoint, stream) in streams.enumerated() {
                        let h = stream[row * Self.width..<(row + 1) * Self.width].map(Double.init)
                        for (index, vector) in Self.vectors.enumerated() {
                            let length = vector.reduce(0.0) { $0 + Double($1) * Double($1) }.squareRoot()
                            sums[checkpoint][mask][index] +=
                                zip(h, vector).reduce(0) { $0 + $1.0 * Double($1.1) } / length
                        }
                    }
                }
                row += 1
            }
        }
        var (largest, isWithin) = (0.0, true)
        for entry in bundle.entries where entry.names != nil {
            let columns = try bundle.columns(of: entry)
            #expect(columns["density_base"] == nil)
            let (mask, checkpoint) = (entry.mask == .content ? 0 : 1, entry.tuned == "adapted" ? 1 : 2)
            let wanted = [0, checkpoint].map { sums[$0][mask].map { $0 / Double(tokens[mask]) } }
            let found = try [columns.required("mean_base"), columns.required("mean_tuned")]
            for (x, y) in zip(found.joined(), wanted.joined()) {
                isWithin = isWithin && abs(x - y) <= 1e-5
                largest = max(largest, abs(x - y))
            }
            let delta = try columns.required("delta")
            #expect(entry.control ? delta == [0, 0, 0] : delta.allSatisfy { $0 != 0 })
        }
        print("means of directions: largest difference \(largest)")
        #expect(isWithin)
        #expect(sums[0][0].contains { $0 < 0 } && sums[0][0].contains { $0 > 0 }, "\(sums)")
    }

    @Test("the bundle is the same for any number of threads")
    func threads() throws {
        let bundles = try [1, 3].map { try run("\(Self.sae), \(Self.directions)", threads: $0).bundle.folder }
        for name in try FileManager.default.contentsOfDirectory(atPath: bundles[0]) {
            let files = try bundles.map { try Document.contents(of: "\($0)/\(name)") }
            #expect(files[0] == files[1], "\(name)")
        }
    }

    @Test("a dictionary under the wrong key, or of another width, is refused when the job is planned")
    func refused() throws {
        func refusal(_ hook: String) -> String {
            #expect(throws: InputError.self) { try kind.plan(source(hook)) }?.description ?? ""
        }
        #expect(
            refusal("{layer: 2, sae: vectors.safetensors}").contains(
                "vectors.safetensors: expected an SAE, found one of the format directions\n"
                    + "  hint: name it under the key 'directions' of the hook"))
        #expect(
            refusal("{layer: 2, directions: \(Self.fixtures)/sae}").contains(
                "expected a file of named vectors, found one of the format SAELens"))
        try Self.safetensors(Self.vectors.map { Array($0.dropLast()) })
            .write(to: URL(fileURLWithPath: folder.path + "/narrow.safetensors"))
        let narrow = refusal("{layer: 2, directions: narrow.safetensors}")
        #expect(narrow.contains("narrow.safetensors: persona, first: expected the model's hidden size 32, found 31"))
    }
}
