import Testing
import Work

@Suite struct VerifiedShardsTests {
    @Test func theShareIsKept() {
        for (share, count, wanted) in [
            (0.0, 40, 0), (0.02, 40, 1), (0.02, 3, 1), (1e-9, 1000, 1), (0.02, 1000, 20), (0.5, 5, 3), (1, 7, 7),
            (1, 1, 1),
            (1, 0, 0), (0.3, 0, 0),
        ] {
            let shards = VerifiedShards.drawn(seed: 3, share: share, count: count)
            #expect(shards.count == wanted, "\(share) of \(count)")
            #expect(shards.allSatisfy { (0..<count).contains($0) })
        }
    }

    @Test func aLargerShareHasTheShardsOfASmallerOne() {
        let few = VerifiedShards.drawn(seed: 8, share: 0.1, count: 200)
        #expect(few.isSubset(of: VerifiedShards.drawn(seed: 8, share: 0.3, count: 200)))
    }

    /// Known once and for all: the choice must be the same in every process and on every machine. From a Python script of
    /// the same formula.
    @Test func theChoiceIsAFormula() {
        #expect(VerifiedShards.drawn(seed: 0, share: 0.05, count: 100).sorted() == [0, 42, 56, 80, 91])
        #expect(VerifiedShards.drawn(seed: 7, share: 0.05, count: 100).sorted() == [1, 7, 34, 68, 78])
    }

    /// Over many seeds every shard has its turn: of 2,000 draws of 2 from 20, each shard is expected in 200, with a
    /// standard deviation of 13.4; five of these are allowed.
    @Test func seedsSpreadTheChoiceEvenly() {
        var counts = [Int](repeating: 0, count: 20)
        for seed in 0..<2_000 as Range<UInt64> {
            for shard in VerifiedShards.drawn(seed: seed, share: 0.1, count: 20) { counts[shard] += 1 }
        }
        print("a shard of 20 is drawn in \(counts.min() ?? 0) to \(counts.max() ?? 0) of 2000 draws, expected 200")
        #expect(counts.allSatisfy { abs($0 - 200) < 67 })
    }
}
