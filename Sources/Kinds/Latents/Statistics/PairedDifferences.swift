/// A prompt's differences that are not zero, by ascending latent.
struct SparseDifferences: Sendable, Hashable {
    var latents: [UInt32] = []
    var values: [Double] = []

    mutating func append(_ latent: Int, _ value: Double) {
        latents.append(UInt32(latent))
        values.append(value)
    }

    /// Calls `visit` with every latent in which the two differ, ascending, and by how much this one is above the other.
    func eachDifference(from other: SparseDifferences, _ visit: (Int, Double) -> Void) {
        var (a, b) = (0, 0)
        while a < latents.count || b < other.latents.count {
            let left = a < latents.count ? latents[a] : .max
            let right = b < other.latents.count ? other.latents[b] : .max
            var difference = 0.0
            if left <= right {
                difference += values[a]
                a += 1
            }
            if right <= left {
                difference -= other.values[b]
                b += 1
            }
            if difference != 0 { visit(Int(min(left, right)), difference) }
        }
    }
}

/// The differences of pairs of prompts: d of the one in the first group less d of the one in the other.
///
/// The two may be far from each other in the job: until the second one comes, the first one's differences are held, 12 bytes
/// each.
struct PairedDifferences: Sendable {
    /// Most differences held over all results of a job: 1.5 GiB.
    static let mostDifferences = 1 << 27

    /// Over the pairs that are complete.
    private(set) var moments: PromptMoments
    /// By the places of prompts in the prompt set, those whose partners have not come yet.
    private(set) var waiting: [Int: SparseDifferences] = [:]
    /// Differences in them.
    private(set) var count = 0

    init(latents: Int) {
        moments = PromptMoments(latents: latents)
    }

    /// Takes them as they were.
    init(moments: PromptMoments, waiting: [Int: SparseDifferences]) {
        self.moments = moments
        self.waiting = waiting
        count = waiting.values.reduce(0) { $0 + $1.values.count }
    }

    /// Adds a prompt, which comes after all of lower places. Without its partner, which was left out, it does not count.
    mutating func add(_ differences: SparseDifferences, prompt: Int, partner: Int, isPlus: Bool) {
        guard partner < prompt else {
            waiting[prompt] = differences
            count += differences.values.count
            return
        }
        guard let other = waiting.removeValue(forKey: partner) else { return }
        count -= other.values.count
        let (plus, minus) = isPlus ? (differences, other) : (other, differences)
        plus.eachDifference(from: minus) { moments.add($1, latent: $0) }
    }

    /// A prompt that was left out: its partner waits for nothing.
    mutating func drop(partner: Int) {
        guard let other = waiting.removeValue(forKey: partner) else { return }
        count -= other.values.count
    }
}
