import TestSupport

/// Inputs that are changed a little at random: bits, bytes and numbers, parts that are cut out, doubled or put elsewhere.
struct Mutations {
    private var random: SeededGenerator
    private let inputs: [[UInt8]]

    /// Bytes that formats give a meaning to, and numbers at the edges of theirs.
    private static let bytes =
        Array("\0\u{7F}\"'{}[](),:;.*+?|\\/<>-_ \n\r\t0129eEnN%#&!~".utf8) + [0x80, 0xC0, 0xF8, 0xFF]
    private static let numbers = [
        "0", "-1", "1", "2", "3", "7", "65536", "16777215", "2147483648", "4294967296", "9223372036854775807",
        "-9223372036854775808", "18446744073709551615", "1e308", "1e999", "1e-320", "0.5", "null", "true",
    ].map { Array($0.utf8) }
    private static let words: [UInt64] = [0, 1, 7, 0xFF, 0x7FFF_FFFF, 0xFFFF_FFFF, 1 << 32, 1 << 62, .max >> 1, .max]

    /// Takes the inputs to change, at least one.
    init(of inputs: [[UInt8]], seed: UInt64) {
        random = SeededGenerator(seed: seed)
        self.inputs = inputs.filter { !$0.isEmpty }
    }

    /// One of the inputs with one to four changes.
    mutating func next() -> [UInt8] {
        guard var input = inputs.randomElement(using: &random) else { return [] }
        for _ in 0..<Int.random(in: 1...4, using: &random) where !input.isEmpty { change(&input) }
        return input
    }

    private mutating func change(_ input: inout [UInt8]) {
        let at = Int.random(in: 0..<input.count, using: &random)
        switch Int.random(in: 0..<8, using: &random) {
        case 0: input[at] ^= 1 << UInt8.random(in: 0..<8, using: &random)
        case 1: input[at] = Self.bytes.randomElement(using: &random) ?? 0
        case 2: input.insert(Self.bytes.randomElement(using: &random) ?? 0, at: at)
        case 3: input.removeSubrange(part(of: input, at))
        case 4: input.insert(contentsOf: input[part(of: input, at)], at: at)
        case 5: input.removeSubrange(at...)
        case 6: splice(&input, at)
        default: changeNumber(&input, at)
        }
    }

    /// Up to 64 bytes from a place on.
    private mutating func part(of input: [UInt8], _ at: Int) -> Range<Int> {
        at..<min(input.count, at + Int.random(in: 1...64, using: &random))
    }

    /// Puts a part of any of the inputs in the place of what stands there.
    private mutating func splice(_ input: inout [UInt8], _ at: Int) {
        guard let other = inputs.randomElement(using: &random) else { return }
        let from = Int.random(in: 0..<other.count, using: &random)
        input.replaceSubrange(part(of: input, at), with: other[part(of: other, from)])
    }

    /// Puts another number in the place of the next that is written in digits or, where there is none, over eight bytes.
    private mutating func changeNumber(_ input: inout [UInt8], _ at: Int) {
        let isDigit = { (byte: UInt8) in (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) }
        let end = min(input.count, at + 200)
        if let start = input[at..<end].firstIndex(where: isDigit), Bool.random(using: &random) {
            let digits = input[start...].prefix(while: isDigit).count
            input.replaceSubrange(start..<start + digits, with: Self.numbers.randomElement(using: &random) ?? [])
        } else {
            let word = Self.words.randomElement(using: &random) ?? 0
            for byte in 0..<min(8, input.count - at) {
                input[at + byte] = UInt8(truncatingIfNeeded: word >> (8 * byte))
            }
        }
    }
}
