import Evaluation
import Foundation
import Inputs
import TestSupport
import Testing
import Work
@testable import Latents

@Suite struct JobSpecTests {
    private let minimal = """
        name: villain
        base: models/m
        tuned:
          - {name: a, adapter: adapters/a}
        prompts: {path: p.jsonl}
        hooks:
          - {layer: 15, sae: sae}

        """

    private func parse(_ yaml: String) throws -> JobSpec {
        try JobSpec(yaml: yaml, file: "job.yaml", relativeTo: "/data/jobs")
    }

    @Test func everyKeyButFourHasADefault() throws {
        let spec = try parse(minimal)
        #expect(spec.masks == [.all, .content, .last])
        #expect(spec.hooks[0].point == HookPoint(layer: 15, site: .residPost))
        #expect(spec.prompts.template == .auto && spec.prompts.addGenerationPrompt)
        #expect(spec.skipFirst == 1 && spec.shardTokens == 4096 && spec.seed == 0 && spec.permutations == 0)
        #expect(spec.rank == JobSpec.Rank(by: .delta, top: 100))
        #expect(spec.verify == 0)
        #expect(!spec.tuned[0].control && spec.tuned[0].form == .adapter)
    }

    @Test func theDocumentedExampleSaysTheDefaults() throws {
        let file = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
            .appendingPathComponent("../../configs/job.yaml").standardizedFileURL.path
        let spec = try JobSpec(yamlFile: file)
        let plain = try parse(minimal)
        #expect(spec.tuned.map(\.control) == [false, true])
        #expect(spec.masks == plain.masks && spec.rank == plain.rank && spec.skipFirst == plain.skipFirst)
        #expect(spec.shardTokens == plain.shardTokens && spec.prompts.template == plain.prompts.template)
        #expect(spec.base.resolved.hasSuffix("/configs/models/smollm2"))
    }

    @Test func pathsStartAtTheJobFilesFolderAndKeepWhatWasWritten() throws {
        let spec = try parse(minimal.replacingOccurrences(of: "models/m", with: "/models/m"))
        #expect(spec.base == JobPath(written: "/models/m", resolved: "/models/m"))
        #expect(spec.tuned[0].path == JobPath(written: "adapters/a", resolved: "/data/jobs/adapters/a"))
    }

    @Test func anotherKindOfWorkIsRefused() throws {
        #expect(try parse(minimal + "kind: latents\n") == parse(minimal))
        let error = try inputError { try parse(minimal + "kind: answers\n") }
        #expect(error.place.hasSuffix("kind") && error.expected == "latents" && error.found.contains("answers"))
    }

    @Test func aSpecSurvivesStorage() throws {
        let spec = try parse(minimal + "seed: 9\npermutations: 10\nverify: 0.02\nrank: {by: prompt_delta, top: 3}\n")
        #expect(try JSONDecoder().decode(JobSpec.self, from: JSONEncoder().encode(spec)) == spec)
    }

    @Test func theManifestHoldsTheSpecAsWritten() throws {
        let text = try CanonicalJSON.text(parse(minimal).manifest)
        #expect(text.contains(#""base": "models/m""#))
        #expect(text.contains(#""adapter": "adapters/a""#))
        #expect(!text.contains("/data/jobs"))
        // The manifest is itself a job spec: JSON is YAML.
        #expect(try parse(text) == parse(minimal))
    }

    @Test func theManifestHasVerifyOnlyWhereTheJobAsksForIt() throws {
        #expect(try !CanonicalJSON.text(parse(minimal + "verify: 0\n").manifest).contains("verify"))
        for share in ["0.02", "1"] {
            let spec = try parse(minimal + "verify: \(share)\n")
            #expect(try parse(CanonicalJSON.text(spec.manifest)) == spec)
            #expect(spec.verify == Double(share))
        }
    }

    @Test func contrastsAndFilesByGroupAreInTheManifest() throws {
        let files = minimal.replacing("{path: p.jsonl}", with: "{path: {plain: p.jsonl, with-trigger: q.txt}}")
        let spec = try parse(files + "contrasts: [with-trigger - plain]\n")
        #expect(spec.prompts.files.map(\.group) == ["plain", "with-trigger"])
        #expect(spec.prompts.files.map(\.path.written) == ["p.jsonl", "q.txt"])
        #expect(spec.contrasts?.map(\.name) == ["with-trigger-plain"])
        #expect(try parse(CanonicalJSON.text(spec.manifest)) == spec)
        let named = try parse(files + "contrasts: {trigger: with-trigger - plain}\n")
        #expect(named.contrasts?.map(\.name) == ["trigger"])
        #expect(try parse(CanonicalJSON.text(named.manifest)) == named)
        #expect(try JSONDecoder().decode(JobSpec.self, from: JSONEncoder().encode(spec)) == spec)
    }

    @Test func latentsToKeepAreInTheManifestWhereTheJobNamesThem() throws {
        #expect(try parse(minimal).keepLatents == nil)
        #expect(try !CanonicalJSON.text(parse(minimal).manifest).contains("keep_latents"))
        let spec = try parse(minimal + "keep_latents: [7, 0, 9]\n")
        #expect(spec.keepLatents == [7, 0, 9])
        #expect(try parse(CanonicalJSON.text(spec.manifest)) == spec)
        let most = (0..<4097).map { "\($0)" }.joined(separator: ", ")
        #expect(
            try complaint { _ = try parse(minimal + "keep_latents: [\(most)]\n") }
                .contains("job.yaml:8: keep_latents: expected a list with at most 4096 entries, found 4097"))
    }

    @Test(arguments: [
        ("masks: [all]\ntop: 5\n", "job.yaml:9: top: expected one of the keys base, contrasts, hooks", "found 'top'"),
        ("masks: []\n", "job.yaml:8: masks: expected a list with at least one entry", "a list of 0"),
        ("masks: [all, all]\n", "job.yaml:8: masks[1]: expected a mask that is not", "all for the second time"),
        ("masks: [every]\n", "job.yaml:8: masks[0]: expected one of all, content, assistant, last", "\"every\""),
        ("masks: [all, all, all, all, all, all, all, all, all]\n", "masks: expected a list with at most 8", "9"),
        ("skip_first: -1\n", "job.yaml:8: skip_first: expected a whole number from 0", "-1"),
        ("shard_tokens: 0\n", "job.yaml:8: shard_tokens: expected a whole number from 1", "0"),
        ("seed: high\n", "job.yaml:8: seed: expected a whole number", "\"high\""),
        ("rank: {by: size}\n", "job.yaml:8: rank.by: expected one of delta, prompt_delta, t, density", "\"size\""),
        ("rank: {top: 0}\n", "job.yaml:8: rank.top: expected a whole number from 1", "0"),
        ("rank: {bottom: 5}\n", "rank.bottom: expected one of the keys by, top", "'bottom'"),
        ("verify: 1.01\n", "job.yaml:8: verify: expected a number from 0 to 1", "1.01"),
        ("verify: -0.1\n", "job.yaml:8: verify: expected a number from 0 to 1", "-0.1"),
        ("verify: all\n", "job.yaml:8: verify: expected a number", "\"all\""),
        ("keep_latents: []\n", "job.yaml:8: keep_latents: expected a list with at least one entry", "a list of 0"),
        ("keep_latents: [-1]\n", "job.yaml:8: keep_latents[0]: expected a whole number from 0", "-1"),
        (
            "keep_latents: [3, 3]\n", "keep_latents[1]: expected a latent that is not in the list yet",
            "3 for the second"
        ),
        ("contrasts: [a-b]\n", "job.yaml:8: contrasts[0]: expected two groups and a minus between spaces", "\"a-b\""),
        ("contrasts: [a - a]\n", "contrasts[0]: expected two groups", "\"a - a\""),
        ("contrasts: [a - b - c]\n", "contrasts[0]: expected two groups", "\"a - b - c\""),
        ("contrasts: [a - b, a - b]\n", "contrasts: expected a name for each contrast", "a-b for the second time"),
        ("contrasts: {a/b: a - b}\n", "contrasts.a/b: expected a name of 1 to 100", "'a/b'"),
        ("contrasts: {}\n", "contrasts: expected a mapping with at least one entry", "a mapping of 0"),
        ("permutations: 1.5\n", "job.yaml:8: permutations: expected a whole number", "1.5"),
    ])
    func aWrongKeyIsNamedWithItsLine(lines: String, expected: String, found: String) throws {
        let text = try complaint { _ = try parse(minimal + lines) }
        #expect(text.contains(expected), "\(text)")
        #expect(text.contains(found), "\(text)")
    }

    @Test("what no task can hold is refused where it stands in the job file")
    func limits() throws {
        let tuned = "  - {name: a, adapter: adapters/a}\n"
        let hook = "  - {layer: 15, sae: sae}\n"
        for (entry, place) in [(tuned, "job.yaml:4: tuned"), (hook, "job.yaml:7: hooks")] {
            let many = minimal.replacing(entry, with: String(repeating: entry, count: 257))
            let error = try inputError { _ = try parse(many) }
            #expect(error.place == place && error.expected == "a list with at most 256 entries" && error.found == "257")
        }
        let long = String(repeating: "a", count: 4096)
        let error = try inputError { _ = try parse(minimal.replacing("models/m", with: long)) }
        #expect(error.place == "job.yaml:2: base" && error.expected == "a path of at most 4096 bytes")
        #expect(error.found == "\(4096 + "/data/jobs/".count) bytes")
    }

    @Test(arguments: [
        (
            "name: villain", "name: ../villain",
            "job.yaml:1: name: expected 1 to 100 of the characters A-Z a-z 0-9 . _ -"
        ),
        ("name: villain", "name: .villain", "no dot in front"),
        ("name: villain", "title: villain", "job.yaml:1: title: expected one of the keys"),
        ("base: models/m\n", "", "expected the key 'base'"),
        ("adapter: adapters/a", "path: a", "job.yaml:4: tuned[0].path: expected one of the keys adapter, checkpoint"),
        (
            "adapter: adapters/a", "control: true",
            "tuned[0]: expected one of the keys adapter and checkpoint, found neither"
        ),
        (
            "adapter: adapters/a", "adapter: a, checkpoint: b",
            "expected one of the keys adapter and checkpoint, found both"
        ),
        ("adapter: adapters/a", "adapter: a, control: 1", "tuned[0].control: expected true or false, found 1"),
        (
            "  - {name: a, adapter: adapters/a}", "  - {name: a, adapter: x}\n  - {name: a, adapter: y}",
            "job.yaml:5: tuned[1]: expected a name that no other tuned checkpoint has, found a for the second time"
        ),
        (
            "  - {layer: 15, sae: sae}", "  - {layer: 15, sae: x}\n  - {layer: 15, sae: y}",
            "hooks[1]: expected a place that no other hook has, found resid_post.15"
        ),
        ("layer: 15", "layer: -1", "job.yaml:7: hooks[0].layer: expected a whole number from 0 to 100000, found -1"),
        (
            "layer: 15", "layer: 15, site: mlp",
            "hooks[0].site: expected one of resid_pre, attn_out, resid_mid, mlp_out, resid_post, found \"mlp\""
        ),
        (
            "{path: p.jsonl}", "{path: p.jsonl, chat_template: chatml}",
            "prompts.chat_template: expected one of auto, none"
        ),
        (
            "{path: p.jsonl}", "{path: {a b: p.jsonl}}",
            "prompts.path: expected groups named by 1 to 100 of the characters"
        ),
        ("{path: p.jsonl}", "{path: {}}", "prompts.path: expected 1 to 64 groups, found 0"),
        ("{path: p.jsonl}", "p.jsonl", "job.yaml:5: prompts: expected a mapping"),
    ])
    func aWrongEntryIsNamedWithItsPlace(old: String, new: String, expected: String) throws {
        let text = try complaint { _ = try parse(minimal.replacingOccurrences(of: old, with: new)) }
        #expect(text.contains(expected), "\(text)")
    }
}
