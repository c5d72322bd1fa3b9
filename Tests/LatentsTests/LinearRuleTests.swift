import Foundation
import Inputs
import TestSupport
import Testing
import Work
@testable import Latents
@testable import LatentsSamples
@testable import Prompts

/// Dictionaries whose latents answer to every token with either sign.
@Suite struct LinearRuleTests {
    private let spec: JobSpec
    private let task: DiffTask
    private let prompts: TokenizedPrompts
    private let counts = [12, 5, 3, 7]

    init() throws {
        spec = try JobSpec(
            yaml: """
                name: job
                base: m
                tuned: [{name: villain, adapter: a}, {name: c, adapter: b, control: true}]
                prompts: {path: p.jsonl}
                hooks: [{layer: 1, sae: sae}, {layer: 1, directions: v.npz}, {layer: 1, directions: w.npz, name: probes}]
                masks: [all]
                rank: {top: 2}
                permutations: 10
                """, file: "job.yaml", relativeTo: "/jobs")
        task = LatentsSamples.task(spec, latents: 3)
        prompts = LatentsSamples.prompts(counts)
    }

    /// Sums of either sign, a row for each prompt.
    private func rows(_ shift: Double) -> [SparseRow] {
        counts.enumerated().map { prompt, count in
            (0..<3).map { ($0, Double(prompt - 2) * (Double($0) - 0.75) + shift * Double($0 - 1), count) }
        }
    }

    private func sparseRows(_ shift: Double) -> [SparseRow] {
        counts.map { count in [(1, 2 + shift, min(2, count))] }
    }

    private func result(_ tuned: Double) -> ShardResult {
        let shifts = [0, tuned, 0.1]
        let tables = shifts.flatMap { shift in
            [table(sparseRows(shift)), table(rows(shift)), table(rows(2 * shift))]
        }
        return ShardResult(shard: 0, tokenCounts: [counts.map(UInt32.init)], tables: tables)
    }

    private func diffs() throws -> [LatentDiff] {
        var reducer = Reducer(spec: spec, task: task, prompts: prompts)
        try reducer.fold(result(0.5))
        return try reducer.diffs()
    }

    @Test("hooks at one place have labels of their own, and the manifest says what they were")
    func labels() throws {
        #expect(spec.hooks.map(\.label) == ["resid_post.1", "resid_post.1.directions", "resid_post.1.probes"])
        #expect(task.hooks.map(\.label) == spec.hooks.map(\.label))
        #expect(task.hooks.map(\.rule) == [.sparse, .linear, .linear])
        guard case .object(let members) = spec.manifest, case .array(let hooks) = members["hooks"] else {
            Issue.record("no hooks in \(spec.manifest)")
            return
        }
        let place: [String: Document.Value] = ["layer": .integer(1), "site": .string("resid_post")]
        #expect(hooks[0] == .object(place.merging(["sae": .string("sae")]) { $1 }))
        #expect(
            hooks[1]
                == .object(place.merging(["directions": .string("v.npz"), "name": .string("directions")]) { $1 }))
    }

    @Test("a task without named or linear hooks has the JSON it always had, and others come back whole")
    func taskJSON() throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = .sortedKeys
        let data = try encoder.encode(task)
        #expect(try JSONDecoder().decode(DiffTask.self, from: data) == task)
        let plain = String(decoding: try encoder.encode(task.hooks[0]), as: UTF8.self)
        #expect(!plain.contains("name") && !plain.contains("rule"), "\(plain)")
    }

    @Test("all latents count as fired, columns hold the signed means, and there are no densities")
    func columns() throws {
        let diff = try diffs()[1]
        #expect(diff.hook == "resid_post.1.directions" && diff.rule == .linear && diff.fired == 3)
        #expect(diff.columns["density_base"] == nil && diff.columns["density_tuned"] == nil)
        #expect(diff.columns.names.contains("delta_minus_c"))
        let tokens = Double(counts.reduce(0, +))
        let base = rows(0), tuned = rows(0.5)
        for latent in 0..<3 {
            let (b, t) = (base.reduce(0) { $0 + $1[latent].sum }, tuned.reduce(0) { $0 + $1[latent].sum })
            #expect(try diff.columns.required("mean_base")[latent] == b / tokens)
            #expect(abs(try diff.columns.required("delta")[latent] - (t - b) / tokens) < 1e-15)
        }
        // The sums of latent 0 are negative and fall; q takes all three into account.
        #expect(try diff.columns.required("mean_base")[0] > 0 && diff.columns.required("delta")[0] < 0)
        #expect(try diffs()[0].columns["density_base"] != nil)
    }

    @Test("a row that lacks a latent or a token is refused")
    func incomplete() throws {
        var lacking = result(0.5)
        lacking.tables[1] = table(rows(0).map { $0.dropLast() })
        var reducer = Reducer(spec: spec, task: task, prompts: prompts)
        #expect(
            try complaint { try reducer.fold(lacking) }.contains(
                "base.resid_post.1.directions.all: row 0: expected all 3 latents, found 2"))
        var silent = result(0.5)
        silent.tables[1].active[0] = 11
        #expect(
            try complaint { try reducer.fold(silent) }.contains(
                "latent 0: expected 12 active tokens, all masked ones, found 11"))
    }

    @Test("two results agree where they differ by rounding, and not beyond: against the table's largest mean")
    func comparison() throws {
        let work = ShardPlan(prompts, shardTokens: spec.shardTokens).work(prompts)[0]
        let one = result(0.5)
        // Prompt 2 has sums of zero and near it in the base: its row alone would be no measure.
        let entry = 2 * 3
        #expect(one.tables[1].sums[entry] == 0)
        let largest = zip(one.tables[1].sums, (0..<12).map { Double(counts[$0 / 3]) }).map { abs($0 / $1) }.max() ?? 0
        var other = one
        other.tables[1].sums[entry] += 0.9e-4 * largest * 3
        guard case .within(let difference) = ResultComparison(one, other, task: task, work: work) else {
            Issue.record("\(ResultComparison(one, other, task: task, work: work))")
            return
        }
        #expect(abs(difference - 0.9e-4) < 1e-12)
        other.tables[1].sums[entry] = 1.1e-4 * largest * 3
        guard case .differs(let text) = ResultComparison(one, other, task: task, work: work) else {
            Issue.record("overlooked")
            return
        }
        #expect(text.contains("of the table's largest mean times the row's tokens"), "\(text)")
    }

    @Test("names of latents stand in the bundle's tables and manifest, and come back")
    func bundle() throws {
        let folder = try TemporaryFolder()
        let names = ["plain", "with, comma", "with \"quotes\""]
        let provenance = Provenance(
            version: "0.1.0", prompts: Digest(of: "p"), tokenizer: Digest(of: "t"), shards: [Digest(of: "0")],
            isa: ["avx2"], latentNames: ["resid_post.1.directions": names, "resid_post.1.probes": ["a", "b", "c"]])
        let path = folder.path + "/r"
        let diffs = try diffs()
        try ResultBundle.write(to: path, spec: spec, task: task, provenance: provenance, results: diffs.forEach)
        let bundle = try ResultBundle(folder: path)
        #expect(bundle.entries.map(\.names) == [nil, names, ["a", "b", "c"], nil, names, ["a", "b", "c"]])
        #expect(try bundle.columns(of: bundle.entries[1]) == diffs[1].columns)
        let text = try String(contentsOfFile: path + "/top.villain.resid_post.1.directions.all.csv", encoding: .utf8)
        #expect(text.hasPrefix("list,rank,latent,name,mean_base,"))
        #expect(text.contains(",2,\"with \"\"quotes\"\"\",") && text.contains(",0,plain,"), "\(text)")
        let sae = try String(contentsOfFile: path + "/top.villain.resid_post.1.all.csv", encoding: .utf8)
        #expect(sae.hasPrefix("list,rank,latent,mean_base,"))
        let json = try Document(jsonFile: path + "/top.villain.resid_post.1.directions.all.json")
        #expect(try json.required("top").list()[0].required("name").string() == names[2])
        #expect(try bundle.manifest.required("inputs").required("sae").object().keys.sorted() == ["resid_post.1"])
    }

    @Test(
        "what cannot be is refused in the job file",
        arguments: [
            ("hooks: [{layer: 1}]", "expected one of the keys sae and directions, found neither"),
            ("hooks: [{layer: 1, sae: s, directions: v}]", "found both"),
            (
                "hooks: [{layer: 1, directions: v}, {layer: 1, directions: w}]",
                "found resid_post.1.directions for the second time\n  hint: give one of the hooks a name"
            ),
            ("hooks: [{layer: 1, directions: v, name: a.b}]", "expected 1 to 50 of the characters A-Z a-z 0-9 _ -"),
            ("hooks: [{layer: 1, directions: v}]\nrank: {by: density}", "expected delta, prompt_delta or t"),
        ])
    func refused(lines: String, expected: String) throws {
        let text = try complaint {
            _ = try JobSpec(
                yaml: "name: j\nbase: m\ntuned: [{name: v, adapter: a}]\nprompts: {path: p}\n\(lines)",
                file: "job.yaml", relativeTo: "/jobs")
        }
        #expect(text.contains(expected), "\(text)")
    }
}
