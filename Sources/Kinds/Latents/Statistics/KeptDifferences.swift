/// d(p, j) of some latents of one result: how much the mean activation of latent j over the masked tokens of prompt p rose.
struct KeptDifferences: Sendable, Hashable {
    /// Ascending.
    let latents: [Int]
    /// Prompts that count.
    let prompts: Int
    /// Latents that were to be kept as well, for which there was no room.
    let leftOut: Int
    /// `values[row * prompts + prompt]`, a row for each of `latents`.
    private(set) var values: [Double]

    /// Zeros.
    init(latents: [Int], prompts: Int, leftOut: Int) {
        self.latents = latents
        self.prompts = prompts
        self.leftOut = leftOut
        values = [Double](repeating: 0, count: latents.count * prompts)
    }

    /// Takes a prompt's differences in: row `row` of both tables, over `tokens` masked tokens.
    mutating func add(_ tuned: LatentSums, from base: LatentSums, row: Int, prompt: Int, tokens: Double) {
        var at = 0
        Reducer.eachDifference(of: tuned, from: base, row: row) { latent, difference in
            while at < latents.count, latents[at] < latent { at += 1 }
            guard at < latents.count, latents[at] == latent else { return }
            values[at * prompts + prompt] = difference / tokens
        }
    }
}

/// Which latents' differences are kept: those that the job names, then both ends of the ranking in turn, as long as there
/// is room.
struct KeptLatents: Sendable, Hashable {
    /// Values of one result: 32 MiB.
    static let mostOfResult = 4 << 20
    /// Values of all results of a job together: 256 MiB, shared equally.
    static let mostOfJob = 32 << 20

    /// Ascending.
    let latents: [Int]
    let leftOut: Int

    /// The values that there is room for in each of so many results.
    static func room(results: Int) -> Int { min(mostOfResult, mostOfJob / max(1, results)) }

    /// Chooses among latents that are ranked by `values`. `named` come first, except those beyond the dictionary; then `top` at
    /// each end. `room` is for latents.
    init(named: [Int], ranked values: [Double], top: Int, room: Int) {
        let order = Ranking.order(values)
        let ends = (0..<min(top, order.count)).lazy.flatMap { [order[$0], order[order.count - 1 - $0]] }
        var isChosen = [Bool](repeating: false, count: values.count)
        var (chosen, wanted): ([Int], Int) = ([], 0)
        for latent in [AnySequence(named), AnySequence(ends)].joined() where latent < values.count {
            guard !isChosen[latent] else { continue }
            isChosen[latent] = true
            wanted += 1
            if chosen.count < room { chosen.append(latent) }
        }
        latents = chosen.sorted()
        leftOut = wanted - chosen.count
    }
}
