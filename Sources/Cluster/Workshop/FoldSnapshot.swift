import Foundation
import Inputs
import Wire

/// Running SHA-256 over what was folded: every shard and the digest of its result, in order, beginning with the job.
struct FoldChain: Sendable, Hashable {
    private(set) var digest: Digest

    init(_ job: JobID) {
        digest = Digest(of: job.text)
    }

    /// The chain of a job's first shards.
    init(_ job: JobID, _ digests: some Sequence<Digest>) {
        self.init(job)
        for (shard, digest) in digests.enumerated() { append(shard, digest) }
    }

    init(digest: Digest) {
        self.digest = digest
    }

    mutating func append(_ shard: Int, _ result: Digest) {
        digest = Digest(of: digest.bytes + FoldSnapshot.bytes(of: UInt64(shard)) + result.bytes)
    }
}

/// A snapshot of a fold as a file: the letters ADFC, a version (u16), the next shard (u64), the chain of the shards
/// before it, SHA-256 of all of this and of the SHA-256 of what follows, then the kind's own snapshot. Little-endian.
struct FoldSnapshot: Sendable, Hashable {
    private static let magic = Array("ADFC".utf8)
    private static let version: UInt16 = 1
    private static let headBytes = 4 + 2 + 8 + 32
    private static let digestBytes = 32

    var nextShard: Int
    var chain: FoldChain
    /// `WorkFold.snapshot`.
    var folding: [UInt8]

    init(nextShard: Int, chain: FoldChain, folding: [UInt8]) {
        self.nextShard = nextShard
        self.chain = chain
        self.folding = folding
    }

    /// The file's bytes.
    var bytes: [UInt8] {
        let head =
            Self.magic + withUnsafeBytes(of: Self.version.littleEndian, Array.init)
            + Self.bytes(of: UInt64(nextShard)) + chain.digest.bytes
        return head + Digest(of: head + Digest(of: folding).bytes).bytes + folding
    }

    /// Reads a file. Throws `InputError` naming it for one that is damaged or of another version.
    init(_ bytes: [UInt8], file: String) throws {
        let (head, rest) = (bytes.prefix(Self.headBytes), bytes.dropFirst(Self.headBytes))
        guard bytes.count >= Self.headBytes + Self.digestBytes, head.starts(with: Self.magic) else {
            throw InputError(file, expected: "a fold's snapshot", found: "\(bytes.count) bytes of something else")
        }
        let version = head.dropFirst(4).prefix(2).reversed().reduce(0) { $0 << 8 | Int($1) }
        guard version == Int(Self.version) else {
            throw InputError(file, expected: "a snapshot of version \(Self.version)", found: "version \(version)")
        }
        folding = Array(rest.dropFirst(Self.digestBytes))
        let next = head.dropFirst(6).prefix(8).reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        let digest = Digest(of: Array(head) + Digest(of: folding).bytes)
        guard digest.bytes.elementsEqual(rest.prefix(Self.digestBytes)), let nextShard = Int(exactly: next),
            let chain = Digest(bytes: head.dropFirst(14))
        else {
            throw InputError(file, expected: "content with the digest that it begins with", found: "\(digest)")
        }
        self.nextShard = nextShard
        self.chain = FoldChain(digest: chain)
    }

    static func bytes(of number: UInt64) -> [UInt8] {
        withUnsafeBytes(of: number.littleEndian, Array.init)
    }
}
