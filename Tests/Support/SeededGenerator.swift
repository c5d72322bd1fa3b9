import Foundation

/// The generator of all random tests (Steele, Lea and Flood's SplitMix64): the same numbers from the same seed, everywhere.
///
/// `ACTDIFF_SEED=N` gives all tests of a run other numbers, for which the seed of the run is told once; 0 is what they get
/// without it.
public struct SeededGenerator: RandomNumberGenerator, Sendable {
    /// Where the sequence is.
    public private(set) var state: UInt64

    /// The sequence of this number, which tells tests apart, and of the run's seed.
    public init(seed: UInt64) {
        self.init(seed: seed, run: Self.run)
    }

    init(seed: UInt64, run: UInt64) {
        // Any odd number but the step of the sequence itself, which would give the same numbers a little later.
        state = seed &+ run &* 0xD1B5_4A32_D192_ED03
    }

    private static let run: UInt64 = {
        let seed = number(ProcessInfo.processInfo.environment["ACTDIFF_SEED"])
        print("random tests: ACTDIFF_SEED=\(seed) gives these numbers again")
        return seed
    }()

    /// What the variable says. One that says nothing must not pass for another seed.
    static func number(_ text: String?) -> UInt64 {
        guard let text else { return 0 }
        guard let number = UInt64(text) else { preconditionFailure("ACTDIFF_SEED: expected a number, found \(text)") }
        return number
    }

    public mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}
