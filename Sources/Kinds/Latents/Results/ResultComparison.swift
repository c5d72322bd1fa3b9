import Inputs
import Prompts
import Work

/// How two computations of one shard compare: the same, the same but for rounding, or not the same.
///
/// On one instruction set they are identical. On two, sums of activations differ in their last places. Here and there
/// an activation at the cut-off (the k-th largest, a threshold) falls to the other side of it, and takes its whole
/// value with it. So in a row, which is one prompt of a table:
///
/// - A latent that is active on equally many tokens in both may differ by `tolerance` of the row's largest sum. Seen
///   against PyTorch: 4e-7 of the largest mean. 1e-4 leaves room for deeper models, and is far below what a ranking
///   shows.
/// - A latent that is active on n more tokens in one has n near-ties. What is at the cut-off is weak, because the k-th
///   largest is below its token's mean. So each near-tie may carry at most `strongestNearTie` times the table's mean
///   activation, and more tokens may not mean a smaller sum.
/// - At most `nearTieShare` of a row's active tokens may be near-ties, or `fewNearTies` if that is more: two latents
///   out and two others in, as happens under a mask with one token.
///
/// A dictionary with the rule `linear` has no cut-off: all its latents are active on all tokens, and nothing is a
/// near-tie. Its activations have either sign, so that all sums of a row can cancel. Hence its sums may differ by
/// `tolerance` of the largest mean activation of the table, times the row's tokens.
///
/// Token counts and shape are the coordinator's own numbers, and must be equal.
extension ResultComparison {
    /// Of the largest sum of a row.
    static let tolerance = 1e-4
    /// Of the active tokens of a row, summed over latents.
    static let nearTieShare = 0.01
    static let fewNearTies = 4
    /// Of the mean activation of a table in both results: tokens differ in how strongly they activate anything.
    static let strongestNearTie = 4.0

    /// Compares two results of the shard `work` of a job with the given task.
    init(_ one: ShardResult, _ other: ShardResult, task: DiffTask, work: ShardWork) {
        let counts = task.masks.indices.map { mask in
            work.prompts.map { prompt in prompt.masks.reduce(UInt32(0)) { $0 + UInt32($1 >> UInt8(mask) & 1) } }
        }
        let check = ShardCheck(task: task, prompts: 0..<work.prompts.count, tokenCounts: counts)
        for result in [one, other] {
            guard result.shard == work.index else {
                self = .differs("shard \(work.index): one result is of shard \(result.shard)")
                return
            }
            do {
                try check.check(result)
            } catch {
                self = .differs("\(error)")
                return
            }
        }
        guard one != other else {
            self = .identical
            return
        }
        var rows = RowComparison()
        for (index, (left, right)) in zip(one.tables, other.tables).enumerated() {
            let table = Self.name(ofTable: index, task)
            let rule = task.hooks[index / task.masks.count % task.hooks.count].rule
            let tokens = counts[index % task.masks.count]
            let strongest = Self.strongestNearTie * Self.meanActivation(of: [left, right])
            let largestMean = rule == .linear ? Self.largestMean(of: [left, right], tokens: tokens) : nil
            for (row, prompt) in work.prompts.enumerated() {
                rows.compare(
                    left, right, row: row, scale: largestMean.map { $0 * Double(tokens[row]) }, strongest: strongest,
                    place: "\(table), prompt \(prompt.index)")
            }
        }
        self = rows.verdict
    }

    private static func meanActivation(of tables: [LatentSums]) -> Double {
        let sum = tables.reduce(0) { $0 + $1.sums.reduce(0) { $0 + abs($1) } }
        let active = tables.reduce(0) { $0 + $1.active.reduce(0) { $0 + UInt64($1) } }
        return active > 0 ? sum / Double(active) : 0
    }

    /// The largest |sum| of any row and latent, divided by the row's tokens.
    private static func largestMean(of tables: [LatentSums], tokens: [UInt32]) -> Double {
        tables.reduce(0) { largest, table in
            tokens.indices.reduce(largest) { largest, row in
                table.sums[table.rowStarts[row]..<table.rowStarts[row + 1]].reduce(largest) {
                    max($0, abs($1) / Double(max(1, tokens[row])))
                }
            }
        }
    }

    /// `<checkpoint>.<hook>.<mask>`.
    private static func name(ofTable index: Int, _ task: DiffTask) -> String {
        let (masks, hooks) = (task.masks.count, task.hooks.count)
        let checkpoint = index / masks / hooks
        let name = checkpoint == 0 ? "base" : task.tuned[checkpoint - 1].name
        return "\(name).\(task.hooks[index / masks % hooks].label).\(task.masks[index % masks].rawValue)"
    }
}

/// The comparison so far, row by row.
private struct RowComparison {
    /// Largest difference within the tolerance, relative to its row's scale.
    private var largest = 0.0
    /// Values beyond what is allowed.
    private var flaws = 0
    /// The largest of them, relative to its row's scale.
    private var worst = (difference: -1.0, text: "")

    /// A latent's sum and active tokens, 0 where it is absent.
    private typealias Value = (sum: Double, active: UInt32)

    var verdict: ResultComparison {
        guard flaws > 0 else { return .within(largest: largest) }
        return .differs(flaws == 1 ? worst.text : "\(worst.text); and \(flaws - 1) more")
    }

    /// `strongest` is what one near-tie may carry, `scale` what differences are measured against: nil for the row's largest
    /// sum.
    mutating func compare(
        _ one: LatentSums, _ other: LatentSums, row: Int, scale: Double?, strongest: Double, place: String
    ) {
        let ranges = [one, other].map { ($0, $0.rowStarts[row]..<$0.rowStarts[row + 1]) }
        let measure = scale == nil ? "row's largest sum" : "table's largest mean times the row's tokens"
        let scale = scale ?? ranges.flatMap { table, range in range.map { abs(table.sums[$0]) } }.max() ?? 0
        let active = ranges.map { table, range in range.reduce(0) { $0 + Int(table.active[$1]) } }.max() ?? 0
        var nearTies = 0
        var largestTie = 0.0
        Self.eachLatent(of: one, and: other, row: row) { latent, left, right in
            let difference = abs(left.sum - right.sum)
            let relative = scale > 0 ? difference / scale : difference
            if left.active == right.active {
                if relative <= ResultComparison.tolerance {
                    largest = max(largest, relative)
                } else {
                    note(
                        relative,
                        "\(place), latent \(latent): \(Self.describe(left, right)); they differ by \(relative) of the "
                            + "\(measure), at most \(ResultComparison.tolerance) can be rounding")
                }
                return
            }
            let (more, less) = left.active > right.active ? (left, right) : (right, left)
            let ties = Int(more.active - less.active)
            nearTies += ties
            largestTie = max(largestTie, relative)
            let room = ResultComparison.tolerance * scale
            guard more.sum - less.sum >= -room, difference <= Double(ties) * strongest + room else {
                return note(
                    relative,
                    "\(place), latent \(latent): \(Self.describe(left, right)); \(ties) near-ties can add 0 to "
                        + "\(Double(ties) * strongest)")
            }
        }
        let allowed = max(ResultComparison.fewNearTies, Int(Double(active) * ResultComparison.nearTieShare))
        if nearTies > allowed {
            note(
                largestTie,
                "\(place): \(nearTies) of \(active) active tokens are active in one result alone, at most \(allowed) "
                    + "can be near-ties")
        }
    }

    private mutating func note(_ difference: Double, _ text: String) {
        flaws += 1
        if difference > worst.difference { worst = (difference, text) }
    }

    private static func describe(_ left: Value, _ right: Value) -> String {
        "sums \(left.sum) over \(left.active) active tokens and \(right.sum) over \(right.active)"
    }

    /// Calls `visit` with every latent of a row of either table, ascending.
    private static func eachLatent(
        of one: LatentSums, and other: LatentSums, row: Int, _ visit: (UInt32, Value, Value) -> Void
    ) {
        var (a, b) = (one.rowStarts[row], other.rowStarts[row])
        let (endA, endB) = (one.rowStarts[row + 1], other.rowStarts[row + 1])
        while a < endA || b < endB {
            let (left, right) = (a < endA ? one.latents[a] : .max, b < endB ? other.latents[b] : .max)
            var (inOne, inOther): (Value, Value) = ((0, 0), (0, 0))
            if left <= right, a < endA {
                inOne = (one.sums[a], one.active[a])
                a += 1
            }
            if right <= left, b < endB {
                inOther = (other.sums[b], other.active[b])
                b += 1
            }
            visit(min(left, right), inOne, inOther)
        }
    }
}
