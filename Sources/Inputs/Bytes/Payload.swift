/// Bytes that only their kind of work can read: a task, a shard, a result.
///
/// Wire, store and coordinator carry payloads and never look inside.
public struct Payload: Sendable, Hashable {
    /// The kind of work, such as `latents`.
    public let kind: String
    /// Version of the layout. A kind refuses versions that it does not know.
    public let version: UInt16
    public let bytes: [UInt8]

    /// Makes a payload.
    public init(kind: String, version: UInt16, bytes: [UInt8]) {
        self.kind = kind
        self.version = version
        self.bytes = bytes
    }

    /// Tells payloads apart: SHA-256 over the letters ADPL, the version (u64), the kind's length (u64) and UTF-8, and the
    /// bytes; numbers little-endian.
    public var digest: Digest {
        var head = Array("ADPL".utf8)
        for number in [UInt64(version), UInt64(kind.utf8.count)] {
            withUnsafeBytes(of: number.littleEndian) { head.append(contentsOf: $0) }
        }
        return Digest(of: head + Array(kind.utf8) + bytes)
    }

    /// Throws `InputError` unless the payload is of this kind and version.
    public func require(kind: String, version: UInt16, what: String) throws {
        guard self.kind == kind, self.version == version else {
            throw InputError(
                what, expected: "\(kind), layout \(version)", found: "\(self.kind), layout \(self.version)",
                hint: "run the same release of actdiff everywhere", kind: .configuration)
        }
    }
}
