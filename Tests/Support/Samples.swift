import Inputs

/// Random values of whatever a test needs many of. Test targets add what only they know.
public struct Samples {
    public var random: SeededGenerator

    public init(seed: UInt64) {
        random = SeededGenerator(seed: seed)
    }

    public mutating func int(_ range: ClosedRange<Int>) -> Int { Int.random(in: range, using: &random) }

    public mutating func flag() -> Bool { Bool.random(using: &random) }

    public mutating func list<Element>(_ counts: ClosedRange<Int>, of make: (inout Samples) -> Element) -> [Element] {
        (0..<int(counts)).map { _ in make(&self) }
    }

    public mutating func string(upTo length: Int = 12) -> String {
        let letters = Array("abcXYZ 019-_/:\n\u{0}\"äß漢🙂")
        return String(list(0...length) { letters[$0.int(0...letters.count - 1)] })
    }

    public mutating func bytes(_ counts: ClosedRange<Int>) -> [UInt8] {
        list(counts) { UInt8.random(in: 0...255, using: &$0.random) }
    }

    public mutating func digest() -> Digest { Digest(of: bytes(0...8)) }

    public mutating func error() -> InputError {
        let kind = InputError.Kind.allCases[int(0...InputError.Kind.allCases.count - 1)]
        return InputError(string(), expected: string(), found: string(), hint: string(), kind: kind)
    }

    public mutating func payload() -> Payload {
        Payload(kind: string(), version: UInt16(int(0...65_535)), bytes: bytes(0...100))
    }

    /// The bytes with one of them changed.
    public mutating func corrupted(_ bytes: [UInt8]) -> [UInt8] {
        var changed = bytes
        changed[int(0...bytes.count - 1)] ^= UInt8(int(1...255))
        return changed
    }
}
