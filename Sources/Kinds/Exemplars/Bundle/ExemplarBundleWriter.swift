import Compute
import Foundation
import Inputs
import Prompts
import Work

/// Writes the bundle of a fold: `manifest.json`, and for each hook `exemplars.<hook>.jsonl` with a line for each latent. Nothing
/// needs actdiff to be read. The bytes depend on the fold alone.
struct ExemplarBundleWriter {
    private let fold: ExemplarsFold
    private let provenance: FoldProvenance
    private let pieces: VocabularyPieces
    /// Base and tuned checkpoints.
    private let models: [String]

    init(fold: ExemplarsFold, provenance: FoldProvenance) throws {
        self.fold = fold
        self.provenance = provenance
        models = ["base"] + fold.task.tuned.map(\.name)
        do {
            pieces = try VocabularyPieces(fold.record.pieces)
        } catch let error as ByteError {
            throw error.inputError("the job's record")
        }
    }

    /// Writes it to `folder`, which must not exist yet. `checkCancelled` is called again and again; what it throws ends that.
    func write(to folder: String, checkCancelled: () throws -> Void) throws {
        let draft = try NewFolder(folder)
        let texts = try ShownTexts(fold, checkCancelled: checkCancelled)
        var hooks: [Document.Value] = []
        for (index, hook) in fold.task.hooks.enumerated() {
            let file = ExemplarBundle.file(of: hook.label)
            var lines = Data()
            for place in hook.chosen.indices {
                try checkCancelled()
                lines.append(contentsOf: try CanonicalJSON.line(.object(latent(place, hook: index, texts))).utf8)
            }
            try draft.write(lines, to: file)
            let found = fold.found[index]
            hooks.append(
                .object([
                    "hook": .string(hook.label), "rule": .string(hook.rule.rawValue),
                    "latents": .array(hook.chosen.map { .integer($0) }),
                    "dictionary_latents": .integer(hook.latents), "tokens": .integer(Int(found.tokens)),
                    "tokens_beyond_max_norm": .integer(Int(found.longTokens)), "file": .string(file),
                    "digest": .string(lines.withUnsafeBytes { Digest(of: $0) }.description),
                ]))
        }
        let manifest = try CanonicalJSON.text(.object(self.manifest(hooks, texts)))
        try draft.write(Data(manifest.utf8), to: ExemplarBundle.manifestFile)
        try draft.publish()
    }

    private func manifest(_ hooks: [Document.Value], _ texts: ShownTexts) -> [String: Document.Value] {
        let (task, record) = (fold.task, fold.record)
        var inputs: [String: Document.Value] = [
            "base": digest(task.base.digest),
            "tuned": .object(Dictionary(task.tuned.map { ($0.name, digest($0.input.digest)) }) { first, _ in first }),
            "dictionaries": .object(
                Dictionary(task.hooks.map { ($0.label, digest($0.dictionary.digest)) }) { first, _ in first }),
            record.spec.texts.key: digest(record.texts), "tokenizer": digest(record.tokenizer),
        ]
        let bundles = zip(task.hooks, record.bundles).compactMap { hook, bundle in bundle.map { (hook.label, $0) } }
        if !bundles.isEmpty {
            inputs["rankings"] = .object(Dictionary(bundles.map { ($0, digest($1)) }) { first, _ in first })
        }
        var members: [String: Document.Value] = [
            "format": .string(ExemplarBundle.format), "format_version": .integer(ExemplarBundle.version),
            "actdiff": .string(fold.version), "job": record.spec.manifest, "inputs": .object(inputs),
            "models": .array(models.map { .string($0) }), "hooks": .array(hooks),
            "texts": .object([
                "documents": .integer(record.documents.count), "sequences": .integer(record.windows.count),
                "tokens": .integer(texts.tokens), "tokens_left_out": .integer(texts.tokens - texts.counted),
            ]),
            "shards": .array(provenance.contentDigests.map { $0.map(digest) ?? .null }),
            "isa": .array(
                Set(provenance.numberSystems.map(ProcessorKernels.kernels(ofNumberSystem:))).sorted().map {
                    .string($0)
                }
            ),
        ]
        if let partial = PartialResult(shards: fold.shardCount, missing: fold.missing) {
            members["partial"] = .object([
                "shards": .array(fold.missing.map(\.manifest)), "prompts_missing": .integer(partial.promptsMissing),
            ])
        }
        return members
    }

    // MARK: A latent's line

    private func latent(_ place: Int, hook index: Int, _ texts: ShownTexts) throws -> [String: Document.Value] {
        let (hook, known) = (fold.task.hooks[index], fold.found[index].latents[place])
        var members: [String: Document.Value] = ["latent": .integer(hook.chosen[place])]
        if let names = fold.record.latentNames[index] { members["name"] = .string(names[place]) }
        members["largest"] = byModel(known.largest.map { number($0) })
        members["active"] = byModel(known.histograms.map { .integer(Int($0.reduce(0, +))) })
        if let scale = known.scale {
            let first = ActivationScale.firstBin(hook.rule)
            members["histogram"] = .object([
                "width": .number(scale.width(among: ActivationScale.bins)), "first_bin": .integer(first),
                "counts": byModel(
                    known.histograms.map { .array($0.map { .integer(Int($0)) }) }),
            ])
            let picked = known.picked(latent: hook.chosen[place], fold.task.selection, rule: hook.rule)
            members["groups"] = .object(
                Dictionary(picked.groups.map { ($0.group.name(models), indices($0.members)) }) { first, _ in first })
            members["sample"] = .array(picked.sample.map { sampled($0, known, scale, first: first) })
        }
        members["exemplars"] = .array(try known.exemplars.map { .object(try exemplar($0, texts)) })
        if let geometry = fold.geometry[index] {
            let cosines = geometry.cosines[place * hook.chosen.count..<(place + 1) * hook.chosen.count]
            members.merge(written(geometry.latents[place])) { $1 }
            members["cosines"] = .array(cosines.map { number($0) })
        }
        return members
    }

    /// An interval of the sample: its bounds, the share of all active tokens in it, and its exemplars.
    private func sampled(
        _ sample: (interval: Int, members: [Int]), _ known: LatentExemplars, _ scale: ActivationScale, first: Int
    ) -> Document.Value {
        let bins = ActivationScale.bins / ActivationScale.intervals
        let counts = known.histograms[known.histograms.count - 1]
        let start = sample.interval * bins - first
        let here = counts.indices.contains(start) ? counts[start..<min(start + bins, counts.count)].reduce(0, +) : 0
        let width = scale.width(among: ActivationScale.intervals)
        return .object([
            "from": .number(Double(sample.interval) * width), "to": .number(Double(sample.interval + 1) * width),
            "share": .number(Double(here) / Double(max(1, counts.reduce(0, +)))),
            "exemplars": indices(sample.members),
        ])
    }

    private func exemplar(_ exemplar: Exemplar, _ texts: ShownTexts) throws -> [String: Document.Value] {
        let window = fold.record.windows[exemplar.sequence]
        let start = exemplar.position - exemplar.before
        let ids = try texts.ids(of: exemplar)
        return [
            "document": .string(fold.record.documents[window.document]), "sequence": .integer(exemplar.sequence),
            "position": .integer(exemplar.position),
            // Tokens of the document before the window; negative where added tokens stand before it.
            "offset": .integer(window.start - window.added + start), "peak": .integer(exemplar.before),
            "times": .integer(texts.times(exemplar.key)), "ids": .array(ids.map { .integer(Int($0)) }),
            "tokens": .array(ids.map { token(Int($0)) }),
            "activations": byModel(
                models.indices.map { model in
                    let row = exemplar.activations[model * exemplar.width..<(model + 1) * exemplar.width]
                    return .array(row.map { number($0) })
                }),
        ]
    }

    private func written(_ geometry: LatentGeometry) -> [String: Document.Value] {
        func tokens(_ list: [LatentGeometry.Lens.Token]) -> Document.Value {
            .array(
                list.map {
                    .object([
                        "id": .integer($0.id), "token": token($0.id), "logit": number($0.logit), "z": number($0.z),
                    ])
                })
        }
        return [
            "decoder_norm": .number(geometry.decoderNorm),
            "neighbours": .array(
                geometry.neighbours.map { .object(["latent": .integer($0.latent), "cosine": number($0.cosine)]) }),
            "lens": .object(["highest": tokens(geometry.lens.highest), "lowest": tokens(geometry.lens.lowest)]),
        ]
    }

    /// A token's text; its bytes as numbers where they are not UTF-8.
    private func token(_ id: Int) -> Document.Value {
        let bytes = pieces.piece(id)
        return String(validating: bytes, as: UTF8.self).map { .string($0) } ?? .array(bytes.map { .integer(Int($0)) })
    }

    /// Values of base and tuned checkpoints by name; one more is that of all of them together.
    private func byModel(_ values: [Document.Value]) -> Document.Value {
        .object(Dictionary(zip(models + [ExemplarBundle.anyModel], values)) { first, _ in first })
    }

    private func indices(_ list: [Int]) -> Document.Value { .array(list.map { .integer($0) }) }

    private func digest(_ digest: Digest) -> Document.Value { .string(digest.description) }

    /// The shortest digits that read back as the same float32.
    private func number(_ value: Float) -> Document.Value { .number(Double("\(value)") ?? Double(value)) }
}
