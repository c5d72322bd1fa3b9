import Foundation
import Inputs
import Latents
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
        let yaml = """
            name: opening
            base: base
            tuned: [{name: whole, checkpoint: tuned}]
            prompts: {path: prompts.jsonl}
            hooks: [{layer: 2, sae: sae}]
            masks: [content]
            """
        let source = JobSource(specText: yaml, specFile: "job.yaml", folder: models.path)
        let place = WorkerPlace(
            roots: try ModelRoots([models.path]), digests: DigestCache(at: folder.path + "/worker.json"), threads: 1,
            memory: 1 << 30)
        return (try kind.plan(source).task, place)
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
}
