import Evaluation
import Foundation
import Inputs
@testable import Latents
import TestSupport
import Testing
import Work

/// Opening a task can take hours: its files are hashed, and checkpoints are compared.
@Suite(.timeLimit(.minutes(5))) struct OpeningTests {
    let models: TinyModels
    let folder: TemporaryFolder
    let kind: LatentsKind

    init() throws {
        models = try TinyModels()
        folder = try TemporaryFolder()
        kind = LatentsKind(digests: DigestCache(at: folder.path + "/plan.json"), version: "0")
    }

    /// The task of a job with a checkpoint whose tensors are compared with the base's, and a place that knows no digests.
    private func opening() throws -> (task: Payload, place: WorkerPlace) {
        let place = WorkerPlace(
            roots: try ModelRoots([models.path]), digests: DigestCache(at: folder.path + "/worker.json"), threads: 1,
            memory: 1 << 30)
        return (try kind.plan(source()).task, place)
    }

    private func source() -> JobSource {
        let yaml = """
            name: opening
            base: base
            tuned: [{name: whole, checkpoint: tuned}]
            prompts: {path: prompts.jsonl}
            hooks: [{layer: 2, sae: sae}]
            masks: [content]
            """
        return JobSource(specText: yaml, specFile: "job.yaml", folder: models.path)
    }

    @Test("while a task is opened progress is told, for every piece of a file and every tensor")
    func progress() throws {
        let (task, place) = try opening()
        let progress = ComputeProgress()
        _ = try kind.evaluator(for: task, at: place, progress: progress)
        var pieces = 0
        for name in ["base", "tuned", "sae"] {
            let folder = URL(fileURLWithPath: "\(models.path)/\(name)")
            for file in try FileManager.default.contentsOfDirectory(
                at: folder, includingPropertiesForKeys: [.fileSizeKey])
            where file.pathExtension == "safetensors" {
                pieces += (try file.resourceValues(forKeys: [.fileSizeKey]).fileSize ?? 0) / (64 << 10)
            }
        }
        #expect(progress.count > UInt64(pieces) && progress.count > 20)
    }

    @Test("a worker that is told to drop a shard stops opening its task, at whatever piece it is")
    func cancelled() throws {
        let (task, place) = try opening()
        let progress = ComputeProgress()
        progress.cancel()
        #expect(throws: CancellationError.self) {
            try kind.evaluator(for: task, at: place, progress: progress)
        }
        #expect(progress.count == 1, "it goes no further than the first piece")
    }

    /// A byte of a file, changed and changed back: its content is what it was.
    private func touch(_ name: String) throws {
        let file = try FileHandle(forUpdating: URL(fileURLWithPath: "\(models.path)/\(name)"))
        let end = try file.seekToEnd()
        try file.seek(toOffset: end - 1)
        let byte = try #require(try file.read(upToCount: 1)).map { $0 }
        for value in [byte[0] ^ 1, byte[0]] {
            try file.seek(toOffset: end - 1)
            try file.write(contentsOf: Data([value]))
        }
        try file.close()
    }

    /// What opens a task, again and again, and its first shard.
    private func task() throws -> (open: () throws -> any WorkEvaluator, shard: WorkShard) {
        let (task, place) = try opening()
        let plan = try kind.plan(source())
        let shard = WorkShard(
            index: 0, payload: Payload(kind: task.kind, version: plan.shardVersion, bytes: plan.shards[0].bytes))
        return ({ try kind.evaluator(for: task, at: place, progress: ComputeProgress()) }, shard)
    }

    @Test(
        "a file that was changed and changed back while its task was open spoils the shard, though its digest is right",
        arguments: ["base/model.safetensors", "tuned/model.safetensors", "sae/sae_weights.safetensors"])
    func changedAndBack(name: String) throws {
        let (open, shard) = try task()
        let evaluator = try open()
        let result = try evaluator.evaluate(shard, progress: ComputeProgress())
        try touch(name)
        let error = #expect(throws: InputError.self) { try evaluator.evaluate(shard, progress: ComputeProgress()) }
        #expect(error?.kind == .temporary && error?.found == "a change of one, or of its times")
        // Opened again it is the same task.
        #expect(try open().evaluate(shard, progress: ComputeProgress()) == result)
    }

    @Test(
        "files that are gone while their task is open are the worker's trouble, not the shard's",
        arguments: ["base/config.json", "tuned/model.safetensors", "tuned/config.json", "sae"])
    func gone(name: String) throws {
        let (open, shard) = try task()
        let evaluator = try open()
        let path = models.path + "/" + name
        try FileManager.default.moveItem(atPath: path, toPath: path + ".away")
        let error = #expect(throws: InputError.self) { try evaluator.evaluate(shard, progress: ComputeProgress()) }
        #expect(error?.kind == .temporary && error?.place.hasPrefix(path) == true, "\(String(describing: error))")
        #expect(throws: InputError.self) { try open() }
    }

    @Test("a file that is changed after its job's plan began is not planned with")
    func changedWhilePlanned() throws {
        let files = InputFiles(digests: DigestCache(at: "/dev/null/digests.json"))
        let file = models.path + "/prompts.jsonl"
        let before = DigestCache.Moment()
        try files.refuseChanges(of: [file], since: before) {}
        // The clock of files may be a tick behind, but not for long.
        var error: InputError?
        for _ in 0..<100_000 where error == nil {
            try Data("{}".utf8).write(to: URL(fileURLWithPath: file))
            do {
                try files.refuseChanges(of: [file], since: before) {}
            } catch let change as InputError {
                error = change
            }
        }
        #expect(error?.place == file && error?.kind == .temporary)
    }
}
