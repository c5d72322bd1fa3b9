import Evaluation
import ExemplarsSamples
import Inputs
import Prompts
import TestSupport
import Testing
import Work

@testable import Exemplars

/// Results as bytes: what was written is read, and what cannot be true is refused.
@Suite struct CodecTests {
    private func shard(_ corpus: RandomCorpus) -> WorkShard {
        WorkShard(
            index: 1,
            payload: Payload(
                kind: ExemplarsKind.name, version: ExemplarsShard.layout,
                bytes: ExemplarsShard.texts(ShardWork(index: 1, prompts: corpus.sequences)).bytes))
    }

    @Test("results read back as they were written, and their judge takes them", arguments: ActivationRule.allCases)
    func roundTrip(rule: ActivationRule) throws {
        var samples = Samples(seed: 311)
        for _ in 0..<200 {
            let corpus = RandomCorpus(&samples, rule: rule)
            let result = ExemplarsResult.texts([corpus.known(corpus.sequences.indices)])
            let bytes = try ExemplarsCodec.encode(result)
            #expect(try ExemplarsCodec.decode(bytes, task: corpus.task) == result)
            let judge = ExemplarsJudge(task: corpus.task)
            let checked = try judge.check(bytes, shard: shard(corpus))
            #expect(try checked.contentDigest == ExemplarsCodec.content(result).digest)
            #expect(try judge.compare(bytes, bytes, shard: shard(corpus)) == .identical)
        }
    }

    @Test("bytes that are cut short or changed are refused, or are another result")
    func damage() throws {
        var samples = Samples(seed: 312)
        let corpus = RandomCorpus(&samples, rule: .sparse)
        let bytes = try ExemplarsCodec.encode(.texts([corpus.known(corpus.sequences.indices)]))
        let judge = ExemplarsJudge(task: corpus.task)
        let whole = try judge.check(bytes, shard: shard(corpus))
        for length in 0..<bytes.count {
            #expect(throws: InputError.self) { try judge.check(Array(bytes[..<length]), shard: shard(corpus)) }
        }
        var refused = 0
        for _ in 0..<1000 {
            let changed = samples.corrupted(bytes)
            guard changed != bytes else { continue }
            do {
                let checked = try judge.check(changed, shard: shard(corpus))
                #expect(checked != whole || changed.count == bytes.count)
            } catch is InputError {
                refused += 1
            }
        }
        #expect(refused > 300)
    }

    /// A lie about one thing.
    enum Lie: CaseIterable {
        case tokens, longTokens, largest, count, histogram, order, foreign, uncounted, width, key, notFinite, negative
        case aboveLargest, superfluous, scale, silent

        func tell(_ found: inout HookExemplars, _ corpus: RandomCorpus) {
            switch self {
            case .tokens: found.tokens += 1
            case .longTokens: found.longTokens = .max
            case .largest: found.latents[0].largest[0] *= 1.001
            case .count: found.latents[0].histograms[0][63] += found.tokens + 1
            case .histogram:
                let full = found.latents[0].histograms[0].lastIndex { $0 > 0 } ?? 0
                found.latents[0].histograms[0][full] = 0
            case .order: found.latents[0].exemplars.reverse()
            case .foreign: found.latents[0].exemplars[0].sequence = 1000
            case .uncounted: found.latents[0].exemplars[0].position = 0
            case .width: found.latents[0].exemplars[0].before += 1
            case .key: found.latents[0].exemplars[0].key ^= 1
            case .notFinite: found.latents[0].exemplars[0].activations[0] = .nan
            case .negative: found.latents[0].exemplars[0].activations[0] = -1
            case .aboveLargest:
                found.latents[0].exemplars[0].activations[found.latents[0].exemplars[0].before] = 1e30
            case .superfluous: found.latents[0].exemplars.append(contentsOf: found.latents[0].exemplars.suffix(1))
            case .scale: found.latents[0].scale = ActivationScale(exponent: 60)
            case .silent: found.latents[0].exemplars = []
            }
        }
    }

    @Test("what no computation gives is refused", arguments: Lie.allCases)
    func lies(lie: Lie) throws {
        var samples = Samples(seed: 313)
        var told = 0
        while told < 10 {
            let corpus = RandomCorpus(&samples, rule: .sparse)
            var found = corpus.known(corpus.sequences.indices)
            guard found.latents[0].exemplars.count > 2, found.latents[0].largest[0] > 0 else { continue }
            lie.tell(&found, corpus)
            let bytes = try ExemplarsCodec.encode(.texts([found]))
            #expect(throws: InputError.self) {
                try ExemplarsJudge(task: corpus.task).check(bytes, shard: shard(corpus))
            }
            told += 1
        }
    }

    @Test("geometry reads back; neighbours out of order, unknown tokens and wrong sizes are refused")
    func geometry() throws {
        var samples = Samples(seed: 314)
        let task = RandomCorpus.task(&samples, models: 2, rule: .sparse, chosen: [3, 4])
        let token = LatentGeometry.Lens.Token(id: 1, logit: 2, z: 3)
        let latent = LatentGeometry(
            decoderNorm: 1.5, neighbours: [.init(latent: 7, cosine: 0.5), .init(latent: 2, cosine: 0.25)],
            lens: .init(highest: [token], lowest: [token]))
        let good = HookGeometry(latents: [latent, latent], cosines: [1, 0.5, 0.5, 1])
        let shard = WorkShard(
            index: 0,
            payload: Payload(
                kind: ExemplarsKind.name, version: ExemplarsShard.layout,
                bytes: ExemplarsShard.dictionary(hook: 0).bytes))
        let judge = ExemplarsJudge(task: task)
        func check(_ change: (inout HookGeometry) -> Void) throws {
            var geometry = good
            change(&geometry)
            _ = try judge.check(ExemplarsCodec.encode(.geometry(geometry)), shard: shard)
        }
        try check { _ in }
        #expect(try ExemplarsCodec.decode(ExemplarsCodec.encode(.geometry(good)), task: task) == .geometry(good))
        let lies: [(inout HookGeometry) -> Void] = [
            { $0.latents[0].neighbours.reverse() }, { $0.latents[0].neighbours[0].latent = 10 },
            { $0.latents[0].neighbours[0].latent = 3 }, { $0.latents[0].neighbours[0].cosine = 1.1 },
            { $0.latents[1].lens.highest[0].id = 2 }, { $0.latents[1].lens.lowest[0].z = .infinity },
            { $0.latents[0].decoderNorm = 0 }, { $0.cosines[0] = .nan },
            { $0 = HookGeometry(latents: [latent], cosines: [1]) },
        ]
        for lie in lies { #expect(throws: InputError.self) { try check(lie) } }
        let texts = try ExemplarsCodec.encode(.texts([HookExemplars(task.hooks[0], models: 2)]))
        #expect(throws: InputError.self) { try judge.check(texts, shard: shard) }
    }
}
