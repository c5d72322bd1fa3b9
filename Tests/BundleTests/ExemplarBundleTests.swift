import Exemplars
import Foundation
import Inputs
import TestSupport
import Testing

/// Exemplars on the way that every job goes.
@Suite(.timeLimit(.minutes(10))) struct ExemplarBundleTests {
    private let models: TinyModels

    init() throws {
        models = try TinyModels()
        let lines = (0..<30).map { line in
            "{\"id\": \"text-\(line)\", \"text\": \"\(Self.words[line % 4]) \(line % 7) \(Self.words[(line + 1) % 4])\"}"
        }
        try Data(lines.joined(separator: "\n").utf8).write(to: URL(fileURLWithPath: models.path + "/corpus.jsonl"))
    }

    private static let words = [
        "The sea is wide and the moon pulls at it twice a day", "Bread rises where yeast breathes",
        "Naïve glass, molten sand — and a 🙂", "She asked: what should I do now?",
    ]

    private static func job(_ more: String = "", shard: Int = 96, latents: String = "[1, 5, 9, 30, 63]") -> String {
        """
        kind: exemplars
        name: words
        base: base
        tuned: [{name: adapted, adapter: adapter}, {name: whole, checkpoint: tuned}]
        corpus: {path: corpus.jsonl, context: 24}
        hooks: [{layer: 2, sae: sae, latents: \(latents)}]
        examples: 4
        window: 9
        shard_tokens: \(shard)
        \(more)
        """
    }

    @Test("the same bytes with one worker and three, and with shards of any size")
    func sameBytes() throws {
        let one = try BundleRun(Self.job(), models: models.path)
        let three = try BundleRun(Self.job(), models: models.path, workers: 3)
        #expect(one.end.state == .done && three.end.state == .done)
        #expect(try one.digests() == three.digests())
        let name = "exemplars.resid_post.2.jsonl"
        for shard in [30, 4096] {
            let other = try BundleRun(Self.job(shard: shard), models: models.path)
            #expect(try other.digests()[name] == one.digests()[name], "shards of \(shard) tokens")
        }
    }

    @Test("a bundle says what stands in its texts: windows, times, offsets")
    func whatItSays() throws {
        let run = try BundleRun(Self.job("max_norm: none"), models: models.path)
        let bundle = try ExemplarBundle(folder: run.bundle)
        #expect(bundle.models == ["base", "adapted", "whole"] && bundle.partial == nil)
        let hook = try #require(bundle.hooks.first)
        #expect(hook.latents == [1, 5, 9, 30, 63] && hook.longTokens == 0)
        let texts = try Dictionary(
            uniqueKeysWithValues: Data(contentsOf: URL(fileURLWithPath: models.path + "/corpus.jsonl"))
                .split(separator: 10).map { line in
                    let document = try Document(json: Data(line), file: "corpus")
                    return (try document.required("id").string(), try document.required("text").string())
                })
        var examples = 0
        for page in try bundle.latents(of: hook) {
            #expect(page.neighbours?.count == 10 && page.lens?.highest.count == 10)
            #expect(abs((page.cosines?[hook.latents.firstIndex(of: page.latent) ?? 0] ?? 0) - 1) < 1e-6)
            for example in page.examples {
                let bytes = example.tokens.flatMap { $0 }
                let text = try #require(texts[example.document])
                #expect(text.utf8.contains(bytes), "\(example.document): \(String(decoding: bytes, as: UTF8.self))")
                #expect(example.times >= 1 && example.offset >= 0)
                examples += 1
            }
            for (model, name) in bundle.models.enumerated() {
                let group = page.groups.first { $0.name == name }
                guard let first = group?.members.first else { continue }
                #expect(page.examples[first].activations[model][page.examples[first].peak] == page.largest[model])
            }
        }
        #expect(examples > 20)
    }

    @Test("tokens whose norm is far beyond the median are left out and counted")
    func norms() throws {
        func hook(_ limit: String) throws -> ExemplarBundle.Hook {
            let run = try BundleRun(Self.job("max_norm: \(limit)"), models: models.path)
            return try #require(ExemplarBundle(folder: run.bundle).hooks.first)
        }
        let (all, some) = (try hook("none"), try hook("1.2"))
        #expect(all.longTokens == 0 && some.longTokens > 0)
        #expect(some.tokens + some.longTokens == all.tokens)
    }

    @Test("a shard that failed is left out, and the bundle says so")
    func partial() throws {
        let run = try BundleRun(Self.job(), models: models.path, failing: [2])
        #expect(run.end.state == .partial)
        let bundle = try ExemplarBundle(folder: run.bundle)
        #expect(bundle.partial?.shardsMissing == 1)
        let geometry = try BundleRun(Self.job(), models: models.path, failing: [0])
        let without = try ExemplarBundle(folder: geometry.bundle)
        #expect(try without.latents(of: #require(without.hooks.first)).allSatisfy { $0.lens == nil })
    }

    @Test("latents of a ranking; a bundle with another dictionary is refused")
    func ofRanking() throws {
        let ranking = try BundleRun(
            """
            name: ranking
            base: base
            tuned: [{name: adapted, adapter: adapter}]
            prompts: {path: prompts.jsonl}
            hooks: [{layer: 2, sae: sae}, {layer: 0, site: resid_pre, sae: sae-pre-0}]
            masks: [content]
            """, models: models.path)
        try FileManager.default.copyItem(atPath: ranking.bundle, toPath: models.path + "/ranking")
        let from = "{from: ranking, top: 3, bottom: 2, also: [7]}"
        let run = try BundleRun(Self.job(latents: from), models: models.path)
        let hook = try #require(ExemplarBundle(folder: run.bundle).hooks.first)
        #expect((5...6).contains(hook.latents.count) && hook.latents.contains(7))
        // The same place with another dictionary than the ranking's.
        try Data("x".utf8).write(to: URL(fileURLWithPath: models.path + "/sae/note"))
        let other = try BundleRun(
            Self.job(latents: from).replacing(
                "layer: 2, sae: sae", with: "layer: 0, site: resid_pre, sae: sae-pre-0-topk"),
            models: models.path)
        #expect(other.end.state == .failed && "\(other.end.error.map { "\($0)" } ?? "")".contains("dictionary"))
    }

    @Test("a changed file is not read")
    func changed() throws {
        let run = try BundleRun(Self.job(), models: models.path)
        let path = run.bundle + "/exemplars.resid_post.2.jsonl"
        var bytes = try Data(contentsOf: URL(fileURLWithPath: path))
        bytes[bytes.count / 2] ^= 1
        try bytes.write(to: URL(fileURLWithPath: path))
        let bundle = try ExemplarBundle(folder: run.bundle)
        #expect(throws: InputError.self) { try bundle.latents(of: bundle.hooks[0]) }
    }
}
