import Foundation
import Inputs
import TestSupport
import Testing

@testable import Exemplars

/// Job files of the kind.
@Suite struct ExemplarsSpecTests {
    private static let usual = """
        kind: exemplars
        name: words
        base: models/m
        tuned: [{name: villain, adapter: a}]
        corpus: {path: c.jsonl}
        hooks: [{layer: 2, sae: s, latents: [5, 1]}]
        """

    private func spec(_ text: String) throws -> ExemplarsSpec {
        try ExemplarsSpec(yaml: text, file: "job.yaml", relativeTo: "/jobs")
    }

    @Test("what a short job file means")
    func defaults() throws {
        let spec = try spec(Self.usual)
        #expect(spec.examples == 12 && spec.perInterval == 3 && spec.window == 32 && spec.skipFirst == 1)
        #expect(spec.maxNorm == 10 && spec.shardTokens == 4096 && spec.verify == 0 && spec.seed == 0)
        #expect(spec.hooks[0].latents.named == ["5", "1"] && spec.hooks[0].latents.ends == nil)
        #expect(spec.hooks[0].spec.label == "resid_post.2")
        guard case .corpus(let path, let field, let context) = spec.texts else {
            Issue.record("\(spec.texts)")
            return
        }
        #expect(path.resolved == "/jobs/c.jsonl" && field == "text" && context == 256)
    }

    @Test("the example among the configurations has every key, with the values that it calls defaults")
    func example() throws {
        let path = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
            .appendingPathComponent("../../configs/exemplars.yaml").standardizedFileURL
        let text = try String(contentsOf: path, encoding: .utf8)
        let spec = try ExemplarsSpec(yaml: text, file: "exemplars.yaml", relativeTo: "/configs")
        let defaults = try self.spec(Self.usual)
        #expect(spec.examples == defaults.examples && spec.perInterval == defaults.perInterval)
        #expect(spec.window == defaults.window && spec.skipFirst == defaults.skipFirst)
        #expect(spec.maxNorm == defaults.maxNorm && spec.shardTokens == defaults.shardTokens)
        #expect(spec.hooks[0].latents.ends?.top == 50 && spec.hooks[0].latents.ends?.bottom == 20)
    }

    @Test("latents of a bundle, prompts, no limit of norms")
    func others() throws {
        let spec = try spec(
            Self.usual.replacing("[5, 1]", with: "{from: results/v, top: 7, bottom: 0, mask: content, also: [9]}")
                .replacing("corpus: {path: c.jsonl}", with: "prompts: {path: p.jsonl, mask: content}")
                + "\nmax_norm: none")
        let ends = try #require(spec.hooks[0].latents.ends)
        #expect(ends.bundle.resolved == "/jobs/results/v" && ends.top == 7 && ends.bottom == 0)
        #expect(ends.mask == .content && ends.tuned == nil && ends.rankBy == nil)
        #expect(spec.hooks[0].latents.named == ["9"] && spec.maxNorm == nil)
    }

    @Test(
        "what cannot be is refused with its place",
        arguments: [
            ("kind: exemplars\n", "", "kind: exemplars"), ("corpus: {path: c.jsonl}\n", "", "neither"),
            ("corpus: {path: c.jsonl}", "corpus: {path: c.jsonl}\nprompts: {path: p.jsonl}", "both"),
            ("[5, 1]", "[]", "at least one"), ("[5, 1]", "[5, 5]", "second time"),
            ("[5, 1]", "{top: 5}", "from"), ("[5, 1]", "{from: r, tops: 5}", "tops"),
            ("layer: 2, sae: s, latents: [5, 1]", "layer: 2, sae: s", "latents"),
            ("name: words", "name: words\nmax_norm: 1", "above 1"),
            ("name: words", "name: words\nexamples: 0", "1 to 100"),
            ("name: words", "name: words\nmasks: [all]", "masks"),
            ("{path: c.jsonl}", "{path: c.jsonl, context: 1}", "2 to"),
        ])
    func refusals(old: String, new: String, word: String) throws {
        let error = #expect(throws: InputError.self) { try spec(Self.usual.replacing(old, with: new)) }
        #expect("\(error.map { "\($0)" } ?? "")".contains(word), "\(String(describing: error))")
    }
}
