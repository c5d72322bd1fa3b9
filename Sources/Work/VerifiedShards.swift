/// Which shards are computed a second time on another worker and compared.
public enum VerifiedShards {
    /// `share` of `count` shards, rounded, and at least one where the share is not 0.
    ///
    /// Those whose hash `mix(mix(seed + G) ^ mix(shard + G))` is smallest, with `mix` and G as in `SplitMix64`: the same
    /// wherever and whenever the job runs, and spread over the plan like a random draw.
    public static func drawn(seed: UInt64, share: Double, count: Int) -> Set<Int> {
        guard share > 0, count > 0 else { return [] }
        let wanted = min(count, max(1, Int((min(share, 1) * Double(count)).rounded())))
        let stream = SplitMix64.mix(seed &+ SplitMix64.increment)
        let hashes = (0..<count).map { shard in
            (hash: SplitMix64.mix(stream ^ SplitMix64.mix(UInt64(shard) &+ SplitMix64.increment)), shard: shard)
        }
        return Set(hashes.sorted { $0 < $1 }.prefix(wanted).map(\.shard))
    }
}
