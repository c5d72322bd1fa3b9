import Foundation
import Inputs
import TestSupport
import Testing
import Work
@testable import Latents

/// The differences by prompt in bundles of real models.
@Suite(.timeLimit(.minutes(5))) struct DifferencesTests {
    @Test("the mean over prompts of what is kept of a latent is its prompt_delta, in every result of every job")
    func means() throws {
        let models = try TinyModels()
        var means = LargestDifference()
        for job in BundleJob.all {
            let run = try BundleRun(job.yaml + "\nkeep_latents: [1, 5, 63]", models: models.path, failing: job.failing)
            let bundle = try ResultBundle(folder: run.bundle)
            let records = try #require(try PromptRecords(of: bundle))
            for entry in bundle.entries {
                let column = try bundle.columns(of: entry).required("prompt_delta")
                let kept = try records.differences(of: entry)
                #expect(Set(kept.latents).isSuperset(of: [1, 5, 63]))
                for latent in kept.latents {
                    let d = try #require(kept[latent])
                    #expect(d.count == entry.prompts)
                    // Sums that nearly cancel are held against the size of what is summed.
                    let size = d.reduce(0) { $0 + abs($1) } / Double(d.count)
                    means.add(
                        d.reduce(0, +) / Double(d.count), column[latent],
                        relativeTo: .value(max(size, .leastNormalMagnitude)),
                        at: "\(job.name) \(entry.fileName) \(latent)")
                }
            }
        }
        print("mean over prompts of d, relative difference from prompt_delta: \(means)")
        #expect(means.value < 1e-12 && means.count > 500)
    }

    @Test("two groups of the same prompts have the same columns, and a contrast of them is exactly zero")
    func groups() throws {
        let models = try TinyModels()
        let yaml = """
            name: groups
            base: base
            tuned: [{name: adapted, adapter: adapter}]
            prompts: {path: {one: prompts.jsonl, two: prompts.jsonl}}
            hooks: [{layer: 2, sae: sae}]
            masks: [content]
            shard_tokens: 300
            contrasts: {none: one - two}
            """
        let run = try BundleRun(yaml, models: models.path)
        try #require(run.end.state == .done, "\(run.end)")
        let bundle = try ResultBundle(folder: run.bundle)
        let records = try #require(try PromptRecords(of: bundle))
        let columns = try #require(try records.groupColumns(of: bundle.entries[0]))
        for name in ["mean_base", "delta", "density_tuned", "prompt_delta", "t", "p", "q"] {
            let column = try columns.required("one/\(name)")
            #expect(try column == columns.required("two/\(name)") && column.contains { $0 != 0 })
        }
        for name in ["delta", "t", "cohens_d"] {
            #expect(try columns.required("none/\(name)").allSatisfy { $0 == 0 })
        }
        for name in ["p", "q"] { #expect(try columns.required("none/\(name)").allSatisfy { $0 == 1 }) }
        #expect(records.prompts.map(\.group).prefix(4) == ["one", "two", "one", "two"])
        #expect(bundle.entries[0].prompts == 2 * records.prompts.count { $0.group == "one" })
    }

    @Test("prompts that say what others say are found when the job is planned, and named in the bundle")
    func duplicates() throws {
        let models = try TinyModels()
        try "What is glass?\nWhy?\nwhat is  GLASS?\n".write(
            toFile: models.path + "/twice.txt", atomically: true, encoding: .utf8)
        let yaml = """
            name: twice
            base: base
            tuned: [{name: adapted, adapter: adapter}]
            prompts: {path: twice.txt}
            hooks: [{layer: 2, sae: sae}]
            masks: [all]
            """
        let run = try BundleRun(yaml, models: models.path)
        try #require(run.end.state == .done, "\(run.end)")
        let bundle = try ResultBundle(folder: run.bundle)
        let told = try #require(try PromptRecords(of: bundle)?.duplicates())
        #expect(told.hasPrefix("of the prompts 1 have the text of an earlier one: ") && told.hasSuffix("names them"))
        let root = try Document(jsonFile: run.bundle + "/prompts.json")
        let pair = try root.required("duplicates").required("pairs").list()[0]
        #expect(try pair.required("position").integer() == 2 && pair.required("earlier").integer() == 0)
    }

    @Test("a latent to keep that no dictionary has is refused when the job is planned")
    func unknown() throws {
        let models = try TinyModels()
        let kind = LatentsKind(digests: DigestCache(at: models.path + "/digests.json"), version: "0")
        for (latent, isThere) in [(63, true), (64, false)] {
            let yaml = BundleJob.all[0].yaml + "\nkeep_latents: [\(latent)]"
            let source = JobSource(specText: yaml, specFile: "job.yaml", folder: models.path)
            if isThere {
                _ = try kind.plan(source)
            } else {
                let error = try inputError { _ = try kind.plan(source) }
                #expect(error.place == "job.yaml: keep_latents" && error.found == "64")
                #expect(error.expected == "latents below 64, what the largest dictionary has")
            }
        }
    }
}
