import Foundation
import Inputs
import Latents
import TestSupport
import Testing
import Work

/// What a job may name where the coordinator has model roots.
@Suite struct ModelRootsTests {
    let folder: TemporaryFolder
    let kind: LatentsKind

    init() throws {
        folder = try TemporaryFolder()
        for path in ["models/base", "models/adapter", "models/sae", "elsewhere"] {
            try FileManager.default.createDirectory(
                atPath: "\(folder.path)/\(path)", withIntermediateDirectories: true)
        }
        for file in ["models/prompts.txt", "elsewhere/secret.txt"] {
            try Data("text\n".utf8).write(to: URL(fileURLWithPath: "\(folder.path)/\(file)"))
        }
        try FileManager.default.createSymbolicLink(
            atPath: folder.path + "/models/link.txt", withDestinationPath: folder.path + "/elsewhere/secret.txt")
        kind = LatentsKind(
            digests: DigestCache(at: folder.path + "/digests.json"), version: "test",
            roots: try ModelRoots([folder.path + "/models"], of: "coordinator"))
    }

    /// The error of a plan whose job has one path changed.
    private func refusal(_ key: String, _ path: String) throws -> InputError {
        var paths = ["base": "base", "adapter": "adapter", "prompts": "prompts.txt", "sae": "sae"]
        paths[key] = path
        let spec = """
            name: x
            base: \(paths["base", default: ""])
            tuned: [{name: t, adapter: \(paths["adapter", default: ""])}]
            prompts: {path: \(paths["prompts", default: ""])}
            hooks: [{layer: 0, sae: \(paths["sae", default: ""])}]
            """
        return try #require(throws: InputError.self) {
            try kind.plan(JobSource(specText: spec, specFile: "job.yaml", folder: folder.path + "/models"))
        }
    }

    @Test(
        "each path of a job that leads out of the roots is refused, however it is written",
        arguments: ["base", "adapter", "prompts", "sae"],
        ["../elsewhere/secret.txt", "/etc/passwd", "link.txt", "base/../../elsewhere/secret.txt"])
    func outside(key: String, path: String) throws {
        let error = try refusal(key, path)
        #expect(error.expected.hasPrefix("a path below one of the coordinator's model roots ("))
        #expect(error.kind == .configuration)
        #expect(
            error.found
                == (path == "link.txt"
                    ? "a way to \(folder.path)/elsewhere/secret.txt, outside them" : "one outside them"))
        #expect(error.hint == "add the folder to the coordinator's model_roots")
    }

    @Test("of what is outside nothing is said, not even whether it is there")
    func nothingIsSaid() throws {
        let there = try refusal("prompts", "../elsewhere/secret.txt")
        var missing = try refusal("prompts", "../elsewhere/nothing.txt")
        missing.place = there.place
        #expect(missing == there)
        #expect(try refusal("prompts", "nothing.txt").found == "No such file or directory")
    }

    @Test("a job within the roots gets as far as its inputs") func inside() throws {
        let error = try refusal("base", "base")
        #expect(error.place.hasPrefix(folder.path + "/models/base"))
        #expect(!error.expected.contains("roots"))
    }
}
