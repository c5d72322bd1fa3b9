import Foundation
import Inputs
import TestSupport
import Testing
@testable import Latents

/// Job files made of what is in a folder. That one of models runs is tested with the program itself.
@Suite struct JobDraftTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private func write(_ name: String, _ text: String) throws {
        let path = folder.path + "/" + name
        try FileManager.default.createDirectory(
            atPath: URL(fileURLWithPath: path).deletingLastPathComponent().path, withIntermediateDirectories: true)
        try Data(text.utf8).write(to: URL(fileURLWithPath: path))
    }

    @Test("an empty folder gives a file that says what belongs there, and is refused")
    func empty() throws {
        let draft = try JobDraft(FoundInputs(below: folder.path))
        #expect(draft.lacks.map { $0.prefix { $0 != "," } } == ["base", "tuned", "prompts", "hooks"])
        let error = try inputError {
            _ = try JobSpec(yaml: draft.text, file: "job.yaml", relativeTo: folder.path)
        }
        #expect(error.expected == "the key 'base'")
    }

    @Test("prompts are found by what they hold; the best kind is chosen, the others are comments")
    func prompts() throws {
        try write("notes.txt", "one\ntwo\n")
        try write("more/open \"x\".jsonl", #"{"id": "a", "text": "b"}"# + "\n")
        try write("broken.jsonl", "{\n")
        try write("results/manifest.json", "{}")
        try write("results/other.jsonl", #"{"id": "a", "text": "b"}"# + "\n")
        try write(".hidden/other.jsonl", #"{"id": "a", "text": "b"}"# + "\n")
        let found = try FoundInputs(below: folder.path)
        #expect(found.prompts.map(\.path) == ["more/open \"x\".jsonl", "notes.txt"] && !found.isCut)
        let draft = JobDraft(found)
        #expect(
            draft.text.contains(
                "prompts:\n  path: \"more/open \\\"x\\\".jsonl\"   # 1 prompts\n# path: notes.txt   # 2"))
        let document = try Document(yaml: draft.text, file: "job.yaml")
        #expect(try document.required("prompts").required("path").string() == "more/open \"x\".jsonl")
    }

    @Test("tuned checkpoints have names that tell them apart, of as many parts of their paths for each")
    func names() throws {
        for path in ["villain/step-1", "careful/step-1", "careful/step-2"] {
            try write("\(path)/adapter_config.json", "{}")
        }
        let draft = try JobDraft(FoundInputs(below: folder.path))
        for name in ["careful-step-1", "careful-step-2", "villain-step-1"] {
            #expect(draft.text.contains("{name: \(name), adapter: \(name.replacing("-step", with: "/step"))}"))
        }
    }

    @Test("loops of links and deep folders come to an end")
    func loops() throws {
        try FileManager.default.createSymbolicLink(atPath: folder.path + "/loop", withDestinationPath: ".")
        try write("a.txt", "x\n")
        var found = try FoundInputs(below: folder.path)
        #expect(!found.isCut && found.prompts.map(\.path) == ["a.txt"])
        try write("1/2/3/4/5/6/7/b.txt", "x\n")
        found = try FoundInputs(below: folder.path)
        #expect(found.isCut && found.prompts.map(\.path) == ["a.txt"])
    }
}
