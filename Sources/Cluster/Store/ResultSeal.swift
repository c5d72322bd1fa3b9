import Inputs

/// Shows that a stored result, its content digest and its place belong together: disks lose data, too.
struct ResultSeal: Sendable, Hashable {
    /// SHA-256 of the SHA-256 of the bytes, the content digest and the shard (u64, little-endian).
    let text: String

    /// Seals a result; `transfer` is the SHA-256 of its bytes, `content` what tells it from others.
    init(transfer: Digest, content: Digest, shard: Int) {
        let place = withUnsafeBytes(of: UInt64(clamping: shard).littleEndian, Array.init)
        text = Digest(of: transfer.bytes + content.bytes + place).description
    }
}
