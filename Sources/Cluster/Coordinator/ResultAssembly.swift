import Inputs
import Wire

/// A result on its way in, piece by piece and in order. Memory grows with what has arrived, not with what was promised.
struct ResultAssembly {
    let lease: LeaseID
    let transferDigest: Digest
    let totalBytes: Int
    private(set) var bytes: [UInt8]

    /// Begins with the first piece; nil for a piece from the middle.
    init?(_ part: ResultPart) {
        guard part.offset == 0 else { return nil }
        lease = part.lease
        transferDigest = part.transferDigest
        totalBytes = part.totalBytes
        bytes = part.bytes
    }

    /// Takes the next piece; false for one that is not next.
    mutating func append(_ part: ResultPart) -> Bool {
        guard part.lease == lease, part.transferDigest == transferDigest, part.totalBytes == totalBytes,
            part.offset == bytes.count
        else { return false }
        bytes.append(contentsOf: part.bytes)
        return true
    }

    var isComplete: Bool { bytes.count == totalBytes }
}
