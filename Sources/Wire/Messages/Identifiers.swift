/// Which of the two sockets a message travels on: renewals must never queue behind results.
public enum Channel: String, Sendable, Hashable, CaseIterable {
    case control
    case data
}

/// The name of a job: lower-case ASCII letters, digits and hyphens, 1 to 64 of them.
public struct JobID: Sendable, Hashable, Comparable, CustomStringConvertible {
    public let text: String

    /// Nil for anything that is not a job name.
    public init?(_ text: String) {
        let isPlain = text.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"): true
            default: false
            }
        }
        guard isPlain, (1...64).contains(text.utf8.count) else { return nil }
        self.text = text
    }

    public var description: String { text }

    public static func < (left: JobID, right: JobID) -> Bool { left.text < right.text }
}

/// One grant of one shard to one worker. A later grant of the same shard has a higher epoch.
public struct LeaseID: Sendable, Hashable, CustomStringConvertible {
    public var job: JobID
    public var shard: Int
    public var epoch: Int

    /// Makes an identifier.
    public init(job: JobID, shard: Int, epoch: Int) {
        self.job = job
        self.shard = shard
        self.epoch = epoch
    }

    public var description: String { "\(job)/\(shard)@\(epoch)" }
}

/// 128 random bits that tell one life of a worker process from every other.
public struct InstanceID: Sendable, Hashable, CustomStringConvertible {
    public let high: UInt64
    public let low: UInt64

    /// Takes the bits.
    public init(high: UInt64, low: UInt64) {
        self.high = high
        self.low = low
    }

    /// Reads what `description` says; nil for anything else.
    public init?(_ text: String) {
        guard text.utf8.count == 32, let high = UInt64(text.prefix(16), radix: 16),
            let low = UInt64(text.suffix(16), radix: 16)
        else { return nil }
        self.init(high: high, low: low)
    }

    /// A fresh one, from the system's random numbers.
    public static func random() -> InstanceID {
        InstanceID(high: .random(in: 0...UInt64.max), low: .random(in: 0...UInt64.max))
    }

    /// 32 lower-case hexadecimal digits.
    public var description: String {
        [high, low].map { half in
            let digits = String(half, radix: 16)
            return String(repeating: "0", count: 16 - digits.count) + digits
        }.joined()
    }
}
