import Foundation
import Inputs
import Latents
import TestSupport
import Testing
import Work

/// A whole job of which one file is not what it should be.
@Suite(.timeLimit(.minutes(5))) struct StrangeInputTests {
    /// Every file that the job's plan reads.
    static let files = [
        "base/config.json", "base/model.safetensors", "base/tokenizer.json", "base/tokenizer_config.json",
        "tuned/config.json", "tuned/model.safetensors", "adapter/adapter_config.json",
        "adapter/adapter_model.safetensors", "sae/cfg.json", "sae/sae_weights.safetensors", "prompts.jsonl",
    ]

    let models: TinyModels
    let folder: TemporaryFolder

    init() throws {
        models = try TinyModels()
        folder = try TemporaryFolder()
    }

    private func source() -> JobSource {
        let yaml = """
            name: strange
            base: base
            tuned: [{name: whole, checkpoint: tuned}, {name: adapted, adapter: adapter}]
            prompts: {path: prompts.jsonl}
            hooks: [{layer: 2, sae: sae}]
            masks: [content]
            """
        return JobSource(specText: yaml, specFile: "job.yaml", folder: models.path)
    }

    private func kind(roots: [String]? = nil) throws -> LatentsKind {
        LatentsKind(
            digests: DigestCache(at: folder.path + "/digests.json"), version: "0",
            roots: try roots.map { try ModelRoots($0, of: "coordinator") })
    }

    /// Moves a file of the job elsewhere and returns where it is now.
    private func move(_ file: String) throws -> String {
        let target = folder.path + "/" + (file as NSString).lastPathComponent
        try FileManager.default.moveItem(atPath: models.path + "/" + file, toPath: target)
        return target
    }

    @Test("a pipe in place of any file ends the plan at once", arguments: files)
    func pipe(file: String) throws {
        let (kind, source) = (try kind(), source())
        #expect(throws: Never.self) { try kind.plan(source) }
        _ = try move(file)
        #expect(mkfifo(models.path + "/" + file, 0o600) == 0)
        let error = try ending { try inputError { try kind.plan(source) } }
        #expect(error.place == models.path + "/" + file)
        #expect(error.expected == "a regular file" && error.found == "a pipe (FIFO)")
    }

    @Test("a link out of the roots in place of any file is refused", arguments: files)
    func link(file: String) throws {
        let target = try move(file)
        try FileManager.default.createSymbolicLink(
            atPath: models.path + "/" + file, withDestinationPath: target)
        #expect(throws: Never.self, "without roots") { try kind().plan(source()) }
        #expect(throws: Never.self, "roots that have it") {
            try kind(roots: [models.path, folder.path]).plan(source())
        }
        let error = try inputError { try kind(roots: [models.path]).plan(source()) }
        #expect(error.place == models.path + "/" + file)
        #expect(error.expected.hasPrefix("a path below one of the coordinator's model roots ("))
    }

    @Test("a worker opens models made of links that stay below its roots, and none that lead out of them")
    func worker() throws {
        let task = try kind().plan(source()).task
        for file in Self.files where file != "prompts.jsonl" {
            try FileManager.default.createSymbolicLink(
                atPath: models.path + "/" + file, withDestinationPath: try moveApart(file))
        }
        func open(_ roots: ModelRoots) throws {
            let place = WorkerPlace(
                roots: roots, digests: DigestCache(at: folder.path + "/worker.json"), threads: 1, memory: 1 << 30)
            _ = try ModelRoots.confine(to: roots) {
                try kind().evaluator(for: task, at: place, progress: ComputeProgress())
            }
        }
        let inputs = ["base", "tuned", "adapter", "sae"].map { "\(models.path)/\($0)" }
        #expect(throws: Never.self) { try open(ModelRoots([models.path])) }
        #expect(throws: Never.self) { try open(ModelRoots(ModelRoots.covering(inputs).sorted())) }
        #expect(try inputError { try open(ModelRoots(inputs)) }.place == inputs[0] + "/config.json")
    }

    /// Moves a file into a folder of blobs beside the models, as the Hugging Face cache has them.
    private func moveApart(_ file: String) throws -> String {
        let blobs = models.path + "/blobs"
        try FileManager.default.createDirectory(atPath: blobs, withIntermediateDirectories: true)
        let name = file.replacing("/", with: "-")
        try FileManager.default.moveItem(atPath: models.path + "/" + file, toPath: blobs + "/" + name)
        return "../blobs/" + name
    }
}
