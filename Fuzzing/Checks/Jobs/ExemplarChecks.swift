import ExemplarsSamples
import Foundation
import Inputs
import Prompts
import TestSupport
import Work

@testable import Exemplars

/// Exemplars: tasks, shards, results, snapshots and vocabularies as bytes, job files, and corpora. The first byte chooses.
struct ExemplarChecks: Checks {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    /// A job with one latent, the same for every input.
    private static var corpus: RandomCorpus {
        var samples = Samples(seed: 21)
        return RandomCorpus(&samples, rule: .sparse)
    }

    func check(_ input: [UInt8]) throws {
        guard let choice = input.first else { return }
        let bytes = Array(input.dropFirst())
        switch choice % 7 {
        case 0: try checkResult(bytes)
        case 1: try checkTask(bytes)
        case 2: try checkShard(bytes)
        case 3: try checkSnapshot(bytes)
        case 4: _ = try? VocabularyPieces(Data(bytes))
        case 5: try checkJob(bytes)
        default: try checkCorpus(bytes, ["c.jsonl", "c.csv", "c.txt"][Int(choice / 7 % 3)])
        }
    }

    private static func payload(_ bytes: [UInt8], _ version: UInt16) -> Payload {
        Payload(kind: ExemplarsKind.name, version: version, bytes: bytes)
    }

    private static func shard(_ corpus: RandomCorpus) -> WorkShard {
        let work = ShardWork(index: 1, prompts: corpus.sequences)
        return WorkShard(index: 1, payload: payload(ExemplarsShard.texts(work).bytes, ExemplarsShard.layout))
    }

    /// A result that the judge takes can be folded, and comes back from its bytes.
    private func checkResult(_ bytes: [UInt8]) throws {
        let corpus = Self.corpus
        let (judge, shard) = (ExemplarsJudge(task: corpus.task), Self.shard(corpus))
        guard let checked = try accepted({ try judge.check(bytes, shard: shard) }) else { return }
        let result = try must("decoding") { try judge.decoded(bytes, shard) }
        let again = try must("encoding") { try ExemplarsCodec.encode(result) }
        try demand(
            try must("second check") { try judge.check(again, shard: shard) } == checked, "another result comes back")
        guard case .texts(let hooks) = result else { return }
        var merged = HookExemplars(corpus.hook, models: corpus.task.modelCount)
        for _ in 0..<2 { merged.merge(hooks[0], of: corpus.hook, selection: corpus.task.selection) }
    }

    private func checkTask(_ bytes: [UInt8]) throws {
        guard let task = try accepted({ try ExemplarsTask(Self.payload(bytes, ExemplarsTask.layout)) }) else { return }
        let again = try must("payload") { try task.payload() }
        try demand(try must("second reading") { try ExemplarsTask(again) } == task, "another task comes back")
    }

    private func checkShard(_ bytes: [UInt8]) throws {
        let shard = WorkShard(index: 1, payload: Self.payload(bytes, ExemplarsShard.layout))
        guard let read = try accepted({ try ExemplarsShard(shard, of: Self.corpus.task) }) else { return }
        try demand(read.bytes == bytes, "another shard comes back")
    }

    private static func fold(_ corpus: RandomCorpus) -> ExemplarsFold {
        let record = ExemplarsRecord(
            spec: ExemplarsSpecSample.spec, texts: Digest(of: []), tokenizer: Digest(of: []), documents: [],
            windows: [], pieces: Data(), latentNames: [nil], bundles: [nil])
        let shard = shard(corpus)
        return ExemplarsFold(
            task: corpus.task, record: record, version: "0", shardCount: 4, shard: { _ in shard })
    }

    private func checkSnapshot(_ bytes: [UInt8]) throws {
        let fold = Self.fold(Self.corpus)
        guard let restored = try accepted({ try fold.restored(from: bytes) }) else { return }
        let again = try must("snapshot") { try restored.snapshot() }
        try demand(
            try must("second reading") { try fold.restored(from: again).snapshot() } == again, "another fold comes back"
        )
    }

    private func checkJob(_ bytes: [UInt8]) throws {
        guard let text = String(validating: bytes, as: UTF8.self) else { return }
        _ = try accepted { try ExemplarsSpec(yaml: text, file: "job.yaml", relativeTo: "/jobs") }
    }

    private func checkCorpus(_ bytes: [UInt8], _ name: String) throws {
        let path = try folder.write(name, Data(bytes))
        let corpus = try accepted {
            try TokenizedCorpus(
                CorpusFile(path, field: "text"), context: 7, skipFirst: 1, tokenizer: LetterTokenizer())
        }
        guard let corpus else { return }
        try demand(corpus.sequences.count == corpus.windows.count, "windows without tokens")
        for (sequence, window) in zip(corpus.sequences, corpus.windows) {
            try demand(sequence.ids.count <= 7 && sequence.masks.contains(1), "a window of \(sequence.ids.count)")
            try demand(corpus.documents.indices.contains(window.document), "a window of no document")
        }
    }

    static func seeds() throws -> [[UInt8]] {
        let corpus = Self.corpus
        var fold = Self.fold(corpus)
        let result = try ExemplarsCodec.encode(.texts([corpus.known(corpus.sequences.indices)]))
        try fold.fold(result)
        var vocabulary = ByteWriter()
        try vocabulary.list([[65], nil, [0xE2, 0x82]] as [[UInt8]?], "pieces", limit: 9) { writer, piece in
            try writer.optional(piece) { try $0.array($1, "piece", limit: 9) }
        }
        return [
            [0] + result, [1] + (try corpus.task.payload().bytes), [2] + shard(corpus).payload.bytes,
            [2] + ExemplarsShard.dictionary(hook: 0).bytes, [3] + (try fold.snapshot()), [4] + vocabulary.bytes,
            [5] + Array(ExemplarsSpecSample.yaml.utf8),
            [6] + Array("{\"id\": 7, \"text\": \"one two\"}\n{\"text\": \"three\"}\n".utf8),
            [13] + Array("id,text\na,\"one, \"\"two\"\"\nthree\"\r\nb,four\n".utf8), [20] + Array("one two three".utf8),
        ]
    }
}

/// A job file with every key.
private enum ExemplarsSpecSample {
    static let yaml = """
        kind: exemplars
        name: words
        base: m
        tuned: [{name: v, adapter: a}]
        corpus: {path: c.csv, field: text, context: 64}
        hooks: [{layer: 2, sae: s, latents: {from: r, tuned: v, mask: all, rank_by: t, top: 5, bottom: 1, also: [4]}}]
        examples: 3
        per_interval: 1
        window: 9
        skip_first: 1
        max_norm: none
        shard_tokens: 64
        seed: 5
        verify: 0.5
        """

    static var spec: ExemplarsSpec {
        // The record's spec is not what is checked here.
        ExemplarsSpec(
            name: "words", base: JobPath(written: "m", resolved: "/m"), tuned: [],
            texts: .corpus(JobPath(written: "c", resolved: "/c"), field: "text", context: 64), hooks: [], examples: 3,
            perInterval: 1, window: 9, skipFirst: 1, maxNorm: nil, shardTokens: 64, seed: 5, verify: 0)
    }
}
