/// Random bits that are a pure function of numbers: SplitMix64 (Steele, Lea and Flood, 2014).
public enum SplitMix64 {
    /// What is added to the state for each number.
    public static let increment: UInt64 = 0x9E37_79B9_7F4A_7C15

    /// Its finalizer, a bijection.
    public static func mix(_ value: UInt64) -> UInt64 {
        var z = value
        z = (z ^ z >> 30) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ z >> 27) &* 0x94D0_49BB_1331_11EB
        return z ^ z >> 31
    }
}
