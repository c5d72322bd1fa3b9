import Dictionaries
import Evaluation
import Inputs
import Latents
import Models

/// A hook with the latents that are asked for.
struct PlannedHook {
    var hook: ExemplarsTask.Hook
    /// Of those that are asked for; nil where latents have no names.
    var names: [String]?
    /// Digest of the manifest of the bundle that they come from.
    var bundle: Digest?

    /// Opens the dictionaries of a job, and finds its latents. Throws `InputError`.
    static func all(
        _ spec: ExemplarsSpec, base: Checkpoint, files: InputFiles, step: () throws -> Void
    ) throws -> [PlannedHook] {
        try spec.hooks.map { entry in
            let (hook, dictionary) = try files.hook(entry.spec, base: base, step: step)
            var chosen = Set(try entry.latents.named.map { try latent($0, of: dictionary) })
            var bundle: Digest?
            if let ends = entry.latents.ends {
                let ranked = try RankedEnds(ends, hook: entry.spec.label, dictionary: hook)
                chosen.formUnion(ranked.latents)
                bundle = ranked.manifest
            }
            guard (1...ExemplarsSpec.mostLatents).contains(chosen.count) else {
                throw InputError(
                    "latents of hook \(entry.spec.label)", expected: "1 to \(ExemplarsSpec.mostLatents) latents",
                    found: "\(chosen.count)", hint: "choose smaller numbers for top and bottom, or split the job")
            }
            let sorted = chosen.sorted()
            return PlannedHook(
                hook: .init(
                    point: hook.point, name: entry.spec.name, dictionary: hook.dictionary, latents: hook.latents,
                    rule: hook.rule, chosen: sorted),
                names: dictionary.latentNames.map { names in sorted.map { names[$0] } }, bundle: bundle)
        }
    }

    private static func latent(_ name: String, of dictionary: LatentDictionary) throws -> Int {
        if let place = dictionary.latentNames?.firstIndex(of: name) { return place }
        guard let latent = Int(name), (0..<dictionary.latentCount).contains(latent) else {
            throw InputError(
                "latents: \(name)", expected: "a latent of \(dictionary.path), 0 to \(dictionary.latentCount - 1)",
                found: "'\(name)'",
                hint: dictionary.latentNames.map { Suggestion.hint(for: name, among: $0) } ?? "")
        }
        return latent
    }
}

/// Both ends of rankings in a bundle of the kind `latents`.
private struct RankedEnds {
    var latents: Set<Int> = []
    /// Of the bundle.
    let manifest: Digest

    init(_ ends: LatentChoice.Ends, hook: String, dictionary: EvaluatedHook) throws {
        let folder = ends.bundle.resolved
        let bundle = try ResultBundle(folder: folder)
        manifest = try Digest(of: InputFile(folder + "/" + ResultBundle.manifestFile))
        guard let mask = ends.mask ?? bundle.entries.first?.mask else {
            throw InputError(folder, expected: "a bundle with results", found: "none")
        }
        let here = bundle.entries.filter { $0.hook == hook && $0.mask == mask }
        let meant = here.filter { entry in ends.tuned.map { $0 == entry.tuned } ?? !entry.control }
        guard !meant.isEmpty else {
            let known = bundle.entries.map { "\($0.tuned) \($0.hook) \($0.mask.rawValue)" }.joined(separator: ", ")
            throw InputError(
                folder, expected: "a result of \(ends.tuned ?? "a tuned checkpoint") at \(hook) under \(mask.rawValue)",
                found: known)
        }
        for entry in meant {
            guard entry.dictionary == dictionary.dictionary.digest else {
                throw InputError(
                    folder, expected: "results with the dictionary \(dictionary.dictionary.path)",
                    found: "another dictionary (SHA-256 \(entry.dictionary))",
                    hint: "its latents are not those of this job's dictionary")
            }
            let ranking = try Ranking(
                bundle.columns(of: entry), by: ends.rankBy.map { RankColumn($0) } ?? bundle.rankBy.column,
                top: ends.top, bottom: ends.bottom)
            latents.formUnion((ranking.top + ranking.bottom).map(\.latent))
        }
    }
}
