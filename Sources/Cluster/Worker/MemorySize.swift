import Foundation
import Inputs

/// An amount of memory as people write it.
public struct MemorySize: Sendable, Hashable, CustomStringConvertible {
    public var bytes: Int

    /// Takes a number of bytes.
    public init(bytes: Int) {
        self.bytes = bytes
    }

    /// More is a slip of the pen.
    private static let most = Double(1 << 50)
    /// By their short names; each may have `iB` behind it, as all are powers of 1,024.
    private static let units: [Character: Double] = [
        "K": Double(1 << 10), "M": Double(1 << 20), "G": Double(1 << 30), "T": Double(1 << 40),
    ]

    /// Reads `4GiB`, `4096MiB`, `1.5G` or `1000000B`; nil for anything else, such as a number without a unit, and for
    /// nothing above zero.
    public init?(_ text: String) {
        let number = text.prefix { "0123456789.".contains($0) }
        let unit = text.dropFirst(number.count)
        var factor = unit == "B" ? 1.0 : nil
        if let letter = unit.first, unit.dropFirst().isEmpty || unit.dropFirst() == "iB" {
            factor = factor ?? Self.units[letter]
        }
        guard let factor, let value = Double(number), value * factor >= 1, value * factor <= Self.most else {
            return nil
        }
        bytes = Int(value * factor)
    }

    /// Reads it from a configuration file.
    init(_ document: Document) throws {
        guard let size = Self(try document.string()) else {
            throw document.error(expected: "a size such as 4GiB or 4096MiB")
        }
        self = size
    }

    public var description: String { "\(bytes)B" }
}
