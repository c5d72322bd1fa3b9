import Foundation
import Inputs
import Latents

/// Where the numbers of one bundle come from: models, prompts, settings, and what is missing.
struct PageBundle {
    /// From 1, in the order of the command line.
    let number: Int
    /// What tells it from the others: the folder's name, with the number where two have the same.
    let label: String
    /// Whether the page is of this bundle alone.
    let isAlone: Bool
    let job: String
    private let bundle: ResultBundle
    private let facts: [(name: String, value: Markup)]
    private let missing: PageTable?

    /// The bundles in their order.
    static func numbered(_ bundles: [ResultBundle]) throws -> [PageBundle] {
        let names = bundles.map { URL(fileURLWithPath: $0.folder).lastPathComponent }
        return try zip(bundles, names).enumerated().map { at, pair in
            let isUnique = names.count { $0 == pair.1 } == 1
            return try PageBundle(
                pair.0, number: at + 1, label: isUnique ? pair.1 : "\(pair.1) (\(at + 1))", isAlone: bundles.count == 1)
        }
    }

    private init(_ bundle: ResultBundle, number: Int, label: String, isAlone: Bool) throws {
        (self.bundle, self.number, self.label, self.isAlone) = (bundle, number, label, isAlone)
        job = try bundle.manifest.required("job").required("name").string()
        facts = try Self.facts(of: bundle)
        missing = try Self.missing(in: bundle)
    }

    private static func facts(of bundle: ResultBundle) throws -> [(name: String, value: Markup)] {
        let (manifest, inputs) = (bundle.manifest, try bundle.manifest.required("inputs"))
        let job = try manifest.required("job")
        var facts = [("base model", try input(job.required("base").string(), inputs.required("base").string()))]
        for tuned in try job.required("tuned").list() {
            let name = try tuned.required("name").string()
            let path = try (tuned.optional("adapter") ?? tuned.required("checkpoint")).string()
            let what = try tuned.required("control").bool() ? "control" : "tuned"
            facts.append(
                ("\(what) \(name)", try input(path, inputs.required("tuned").required(name).string())))
        }
        for kind in ["sae", "directions"] {
            guard let dictionaries = try inputs.optional(kind) else { continue }
            for hook in try dictionaries.object().keys.sorted() {
                let entry = try dictionaries.required(hook)
                let digest = try kind == "sae" ? entry.string() : entry.required("digest").string()
                facts.append(("\(kind == "sae" ? "SAE" : kind) at \(hook)", code(digest)))
            }
        }
        let prompts = try job.required("prompts")
        facts.append(("prompts", try input(prompts.required("path").string(), inputs.required("prompts").string())))
        facts.append(("tokenizer", code(try inputs.required("tokenizer").string())))
        facts.append(("masks", Markup(text: try masks(manifest))))
        facts.append(("settings", Markup(text: try settings(job))))
        facts.append(("verified", Markup(text: try verification(of: bundle))))
        let systems = try manifest.required("isa").list().map { try $0.string() }
        facts.append(
            (
                "computed by",
                Markup(text: "actdiff \(try manifest.required("actdiff").string()), \(systems.joined(separator: ", "))")
            ))
        return facts
    }

    /// The last part of a path, as the job file has it, with the digest of what was there.
    private static func input(_ path: String, _ digest: String) -> Markup {
        let name = path.split(separator: "/").last.map(String.init) ?? path
        return Markup(source: "\(Markup(name: name).source) \(code(digest).source)")
    }

    private static func code(_ digest: String) -> Markup {
        Markup(source: "<code>\(Markup(text: digest).source)</code>")
    }

    private static func masks(_ manifest: Document) throws -> String {
        let masks = try manifest.required("masks")
        return try masks.object().keys.sorted().map { name in
            let mask = try masks.required(name)
            return """
                \(name): \(Count.text(try mask.required("prompts").integer(), "prompt")), \
                \(Count.text(try mask.required("tokens").integer(), "token"))
                """
        }.joined(separator: "; ")
    }

    private static func settings(_ job: Document) throws -> String {
        let prompts = try job.required("prompts")
        let rank = try job.required("rank")
        let permutations = try job.required("permutations").integer()
        return """
            ranked by \(try rank.required("by").string()); chat template \(try prompts.required("chat_template").string())\
            \(try prompts.required("add_generation_prompt").bool() ? " with the opening of an answer" : ""); the first \
            \(Count.text(try job.required("skip_first").integer(), "token")) of each prompt left out; \
            \(permutations > 0 ? "\(Count.text(permutations, "sign flip")) of the permutation test" : "no permutation test"); seed \(try job.required("seed").integer())
            """
    }

    private static func verification(of bundle: ResultBundle) throws -> String {
        guard let verification = try Verification(of: bundle) else { return "not asked for" }
        guard verification.skipped == 0 else { return "\(verification)" }
        return "\(Count.text(verification.shards, "shard")) computed a second time and compared"
    }

    /// The shards that a partial result lacks. Where they are, the manifest says: that may name folders of a machine.
    private static func missing(in bundle: ResultBundle) throws -> PageTable? {
        guard let partial = bundle.partial,
            let shards = try bundle.manifest.optional("partial")?.required("shards").list()
        else { return nil }
        let rows = try shards.map { shard in
            let error = try shard.required("error")
            return PageTable.Row(cells: [
                .count(try shard.required("shard").integer()), .count(try shard.required("prompts").integer()),
                .count(try shard.required("tokens").integer()), .text(try error.required("expected").string()),
                .text(try error.required("found").string()),
            ])
        }
        return PageTable(
            caption: "\(partial). All numbers are those of the other prompts.",
            columns: [
                .init(title: "shard", kind: .number, isHeader: true), .init(title: "prompts", kind: .number),
                .init(title: "tokens", kind: .number), .init(title: "expected", kind: .prose),
                .init(title: "found", kind: .prose),
            ], rows: rows, isLong: rows.count > 12)
    }

    var fields: Fields {
        [
            "jobName": Markup(name: job), "bundleLabel": Markup(name: label), "isOneOfSeveral": !isAlone,
            "bundleNumber": Markup(text: "\(number)"),
            "facts": facts.map { ["factName": Markup(text: $0.name), "factValue": $0.value] as Fields },
            "hasMissing": missing != nil, "missing": missing.map { [$0.fields] } ?? [],
        ]
    }
}
