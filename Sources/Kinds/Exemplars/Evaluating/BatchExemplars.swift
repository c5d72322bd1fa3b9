import Compute
import Evaluation
import Prompts
import Synchronization

/// Tokens of a batch that count at a hook, and the exemplars among them.
struct BatchExemplars {
    /// A token that counts.
    private struct Token {
        var sequence: Int
        var position: Int
        var key: UInt64
        /// Its row among the encoded ones.
        var row: Int
    }

    /// A sequence, with the row of each of its tokens.
    private struct Sequence {
        var prompt: PromptTokens
        var rows: [Int]
    }

    private let sequences: [Sequence]
    /// Number of encoded rows.
    private let rowCount: Int
    private var tokens: [Token] = []
    /// By token, the place of its sequence in the batch.
    private var places: [Int] = []
    private var longTokens = 0

    /// `norms` are [models][rows].
    init(_ batch: HookedModels.Batch, _ norms: [[Double]], task: ExemplarsTask) {
        rowCount = batch.masked.rows.count
        sequences = zip(batch.prompts, batch.masked.tokens).map { Sequence(prompt: $0, rows: $1.map(\.place)) }
        for (place, sequence) in sequences.enumerated() {
            let limits = task.maxNorm.map { multiple in
                norms.map { Self.limit($0, sequence.rows.dropFirst(task.skipFirst), multiple) }
            }
            for (position, row) in sequence.rows.enumerated() where sequence.prompt.masks[position] & 1 == 1 {
                if let limits, zip(norms, limits).contains(where: { $0[row] > $1 }) {
                    longTokens += 1
                    continue
                }
                tokens.append(
                    Token(
                        sequence: sequence.prompt.index, position: position,
                        key: TextKey.of(sequence.prompt.ids, at: position), row: row))
                places.append(place)
            }
        }
    }

    /// The multiple of the median norm of some rows; of an even number the lower of the two in the middle.
    private static func limit(_ norms: [Double], _ rows: ArraySlice<Int>, _ multiple: Double) -> Double {
        guard !rows.isEmpty else { return .infinity }
        return rows.map { norms[$0] }.sorted()[(rows.count - 1) / 2] * multiple
    }

    /// What is known of the hook's latents over the batch. `activations` are [models][latents asked for × rows].
    func found(
        _ hook: ExemplarsTask.Hook, _ activations: [[Float]], task: ExemplarsTask, threads: Threads
    ) -> HookExemplars {
        var found = HookExemplars(hook, models: task.modelCount)
        found.tokens = UInt64(tokens.count)
        found.longTokens = UInt64(longTokens)
        let latents = Mutex<[Int: LatentExemplars]>([:])
        threads.forEach(hook.chosen.count) { place, _ in
            let rows = place * rowCount..<(place + 1) * rowCount
            let latent = exemplars(hook, place, activations.map { $0[rows] }, task: task)
            latents.withLock { $0[place] = latent }
        }
        for (place, latent) in latents.withLock({ $0 }) { found.latents[place] = latent }
        return found
    }

    /// `activations` are one latent's, [models][rows].
    private func exemplars(
        _ hook: ExemplarsTask.Hook, _ place: Int, _ activations: [ArraySlice<Float>], task: ExemplarsTask
    ) -> LatentExemplars {
        var found = LatentExemplars(models: task.modelCount, rule: hook.rule)
        var candidates: [Selection.Candidate] = []
        var members: [Int] = []
        for (number, token) in tokens.enumerated() {
            guard activations.contains(where: { $0[$0.startIndex + token.row] != 0 }) else { continue }
            let peaks = activations.map { $0[$0.startIndex + token.row] }
            for (model, peak) in peaks.enumerated() {
                found.largest[model] = LatentExemplars.further(found.largest[model], peak)
            }
            candidates.append(
                .init(
                    place: Exemplar.place(token.sequence, token.position), key: token.key, peaks: peaks[...]))
            members.append(number)
        }
        guard let top = found.largest.map(abs).max(), top > 0 else { return found }
        let scale = ActivationScale(above: top)
        found.scale = scale
        let first = ActivationScale.firstBin(hook.rule)
        func count(_ value: Float, _ row: Int) {
            guard value != 0 else { return }
            found.histograms[row][scale.interval(of: value, among: ActivationScale.bins) - first] += 1
        }
        for candidate in candidates {
            for (model, peak) in candidate.peaks.enumerated() { count(peak, model) }
            count(Selection.sampled(candidate.peaks), task.modelCount)
        }
        let picked = task.selection.pick(
            candidates, latent: hook.chosen[place], models: task.modelCount, scale: scale, rule: hook.rule)
        found.exemplars = picked.all.map { exemplar(members[$0], activations, task: task) }
            .sorted { $0.place < $1.place }
        return found
    }

    private func exemplar(_ number: Int, _ activations: [ArraySlice<Float>], task: ExemplarsTask) -> Exemplar {
        let (token, sequence) = (tokens[number], sequences[places[number]])
        let window = Exemplar.window(
            around: token.position, length: sequence.rows.count, before: task.before, after: task.after)
        return Exemplar(
            sequence: token.sequence, position: token.position, key: token.key,
            before: token.position - window.lowerBound, width: window.count,
            activations: activations.flatMap { row in
                sequence.rows[window].map { row[row.startIndex + $0] }
            })
    }
}
