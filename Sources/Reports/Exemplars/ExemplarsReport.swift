import Exemplars
import Inputs
import Latents

/// What a bundle of exemplars says: a line for each latent, or all about some of them.
public struct ExemplarsReport {
    private let bundle: ExemplarBundle
    private let parts: [(hook: ExemplarBundle.Hook, pages: [LatentPage])]
    /// Latents that were asked for; none for all.
    private let latents: [Int]

    /// Reads the pages of the latents of the hooks that are wanted; of all of them where `latents` is empty. Throws `InputError`
    /// for a hook or latent that the bundle does not have, and for a bundle whose files were changed.
    public init(_ bundle: ExemplarBundle, hook: String?, latents: [Int]) throws {
        (self.bundle, self.latents) = (bundle, latents)
        let hooks = bundle.hooks.filter { hook == nil || $0.label == hook }
        if let hook, hooks.isEmpty {
            let known = bundle.hooks.map(\.label)
            throw InputError(
                "--hook", expected: "one of \(known.joined(separator: ", "))", found: hook,
                hint: Suggestion.hint(for: hook, among: known), kind: .usage)
        }
        let known = Set(hooks.flatMap(\.latents))
        for latent in latents where !known.contains(latent) {
            throw InputError(
                "--latent", expected: "a latent that the job asked for", found: "\(latent)",
                hint: "name it under latents in an exemplars job", kind: .usage)
        }
        parts = try hooks.map { hook in
            (hook, try bundle.latents(of: hook, wanted: latents.isEmpty ? nil : Set(latents)))
        }
    }

    /// Reads the pages of latents of a ranking. Throws `InputError` where none of the exemplars' hooks has a dictionary of the
    /// ranking's: a latent's number says nothing of another dictionary.
    public init(_ bundle: ExemplarBundle, latents: [Int], of ranking: ResultBundle) throws {
        let known = Dictionary(ranking.entries.map { ($0.hook, $0.dictionary) }) { first, _ in first }
        let hooks = bundle.hooks.filter { known[$0.label] == $0.dictionary }
        guard !hooks.isEmpty else {
            throw InputError(
                bundle.folder, expected: "exemplars at a hook of \(ranking.folder), with its dictionary",
                found: bundle.hooks.map { "\($0.label), SHA-256 \($0.dictionary)" }.joined(separator: "; "),
                kind: .usage)
        }
        (self.bundle, self.latents) = (bundle, latents)
        parts = try hooks.map { hook in (hook, try bundle.latents(of: hook, wanted: Set(latents))) }
    }

    /// In the form that is asked for. `most` limits the examples of each group in a text.
    public func printout(_ form: Printout.Form, most: Int) -> Printout {
        switch form {
        case .csv: csv
        case .json: .json(.array(parts.flatMap { part in part.pages.map { json($0, part.hook) } }))
        case .table:
            .text(
                (latents.isEmpty
                    ? parts.map(summary)
                    : parts.flatMap { part in
                        part.pages.map {
                            "\(LatentPageText($0, of: part.hook, models: bundle.models, most: most))"
                        }
                    }).joined(separator: "\n\n"))
        }
    }

    // MARK: Forms

    /// A line for each latent: how strong it is, the token that it fires on most, and what it writes.
    private func summary(_ part: (hook: ExemplarBundle.Hook, pages: [LatentPage])) -> String {
        var lines = [
            "exemplars at \(Printable.line(part.hook.label)): \(part.pages.count) latents over \(part.hook.tokens) tokens, "
                + "\(part.hook.longTokens) left out for their norm"
        ]
        if let partial = bundle.partial { lines.append("\(partial)") }
        let titles = ["latent"] + bundle.models.map { Printable.line($0) } + ["strongest", "writes"]
        let rows = part.pages.map { page in
            [page.name.map { "\(page.latent) \(Printable.line($0))" } ?? "\(page.latent)"]
                + page.largest.map(ValueFormat.short)
                + [
                    strongest(page).map { "\(ExampleText($0))" } ?? "silent",
                    page.lens?.highest.prefix(3).map { "'\(ShownBytes.text($0.token))'" }.joined(separator: " ") ?? "",
                ]
        }
        let columns = bundle.models.count
        lines += ["", "\(TextTable([titles] + rows, left: [columns + 1, columns + 2]))"]
        return lines.joined(separator: "\n")
    }

    /// Under any model.
    private func strongest(_ page: LatentPage) -> LatentPage.Example? {
        page.examples.max { one, other in
            (one.activations.map { $0[one.peak] }.max() ?? 0) < (other.activations.map { $0[other.peak] }.max() ?? 0)
        }
    }

    /// A row for each example of each group.
    private var csv: Printout {
        let models = bundle.models
        var rows = [
            ["hook", "latent", "group", "place", "document", "offset", "times", "before", "token", "after"] + models
        ]
        for part in parts {
            for page in part.pages {
                for group in LatentPageText.ordered(page.groups, models) {
                    for (place, index) in group.members.enumerated() {
                        let example = page.examples[index]
                        func text(_ tokens: ArraySlice<[UInt8]>) -> String { ShownBytes.text(tokens.flatMap { $0 }) }
                        rows.append(
                            [
                                part.hook.label, "\(page.latent)", group.name, "\(place + 1)", example.document,
                                "\(example.offset + example.peak)", "\(example.times)",
                                text(example.tokens[..<example.peak]), text([example.tokens[example.peak]]),
                                text(example.tokens[(example.peak + 1)...]),
                            ] + example.activations.map { "\($0[example.peak])" })
                    }
                }
            }
        }
        return .csv(rows)
    }

    private func json(_ page: LatentPage, _ hook: ExemplarBundle.Hook) -> Document.Value {
        var members = page.source
        members["hook"] = .string(hook.label)
        return .object(members)
    }
}
