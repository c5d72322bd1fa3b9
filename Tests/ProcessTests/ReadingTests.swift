import Foundation
import TestSupport
import Testing

extension ProcessTests {
    /// What the command line says about a bundle.
    @Suite struct Reading {
        let place: Workplace

        init() throws {
            place = try Workplace()
            let job = try place.write(TinyJob().yaml, to: "job.yaml")
            let end = try place.actdiff("run", job, "--out", "out", "--rank-by", "cohens_d", "--where", "q < 2")
            #expect(end.status == 0 && end.output.hasPrefix("6 results\nonly latents where q < 2\n"), "\(end)")
        }

        @Test("a job file is made of what is in a folder, and runs") func drafts() throws {
            for fixture in ["base", "adapter", "sae", "tuned"] { _ = try place.copy(fixture) }
            try place.write(
                String(contentsOfFile: Workplace.fixtures + "/prompts.jsonl", encoding: .utf8), to: "prompts.jsonl")
            let made = try place.actdiff("init", "--file", "draft.yaml")
            #expect(made.status == 0 && made.errors.isEmpty && made.output == place.path + "/draft.yaml\n", "\(made)")
            let end = try place.actdiff("run", "draft.yaml", "--out", "drafted")
            #expect(end.status == 0 && end.output.contains("adapter"), "\(end)")
            let again = try place.actdiff("init", "--file", "draft.yaml")
            #expect(again.status == 64 && again.errors.contains("draft.yaml: expected a file that does not exist yet"))
        }

        @Test("rankings, a latent and a comparison, as text and as data and nothing else")
        func questions() throws {
            for (words, start) in [
                (["results", "out"], "6 results\n"),
                (
                    ["results", "out", "--tuned", "adapted", "--mask", "all"],
                    "adapted at resid_post.2, mask all: 60 prompts"
                ),
                (["results", "out", "--latent", "3"], "latent 3\ntuned "),
                (["compare", "out", "--mask", "all"], "delta at resid_post.2, mask all, in 2 tuned checkpoints"),
            ] {
                let text = try place.start(words).end()
                #expect(text.status == 0 && text.errors.isEmpty && text.output.hasPrefix(start), "\(text)")
                let csv = try place.start(words + ["--format", "csv"]).end()
                let rows = csv.output.components(separatedBy: "\r\n").dropLast().map {
                    $0.split(separator: ",", omittingEmptySubsequences: false)
                }
                #expect(csv.status == 0 && csv.errors.isEmpty && rows.count > 1 && Set(rows.map(\.count)).count == 1)
                let json = try place.start(words + ["--format", "json"]).end()
                #expect(json.status == 0 && json.errors.isEmpty)
                #expect(try JSONSerialization.jsonObject(with: Data(json.output.utf8)) is [Any])
            }
        }

        @Test("what is left out is said on standard error, and what cannot be is a usage error")
        func refusals() throws {
            let control = try place.actdiff("results", "out", "--rank-by", "delta_minus_whole", "--format", "csv")
            #expect(
                control.status == 0 && control.errors.contains("left out, for want of delta_minus_whole: whole at "))
            for (words, complaint) in [
                (["--rank-by", "detla"], "--rank-by: expected columns among "),
                (["--where", "q <"], "--where, character 4:"),
                (["--where", "r < 1"], "--where: expected columns among "), (["--latent", "-1"], "Missing value"),
                (["--latent", "100000"], "--latent: expected 0 to "),
            ] {
                let end = try place.start(["results", "out"] + words).end()
                #expect(end.status == 64 && end.output.isEmpty && end.errors.contains(complaint), "\(end)")
            }
            let before = try place.actdiff("run", "job.yaml", "--out", "two", "--rank-by", "delta_minus_nobody")
            #expect(before.status == 64 && before.errors.contains("--rank-by: expected columns among "))
            #expect(!FileManager.default.fileExists(atPath: place.path + "/two.actdiff-state"))
            let compare = try place.actdiff("compare", "nowhere")
            #expect(compare.status == 65 && compare.errors.contains("nowhere/manifest.json"))
        }
    }
}
