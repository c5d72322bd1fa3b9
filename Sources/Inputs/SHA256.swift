import CCrypto

/// SHA-256 of bytes that come piece by piece, by the system's libcrypto, which uses the processor's instructions for
/// it. The algorithm is looked up once, because a look-up for each hash makes short texts several times slower.
struct SHA256: ~Copyable {
    /// Bytes of a digest.
    static let byteCount = 32

    // Never changed or freed once it is made.
    nonisolated(unsafe) private static let algorithm = EVP_MD_fetch(nil, "SHA256", nil)

    private let context = EVP_MD_CTX_new()

    init() {
        check(EVP_DigestInit_ex(context, Self.algorithm, nil))
    }

    deinit { EVP_MD_CTX_free(context) }

    /// Takes more bytes in.
    mutating func update(_ bytes: UnsafeRawBufferPointer) {
        check(EVP_DigestUpdate(context, bytes.baseAddress, bytes.count))
    }

    /// The 32 bytes of the digest.
    consuming func finish() -> [UInt8] {
        [UInt8](unsafeUninitializedCapacity: Self.byteCount) { buffer, count in
            check(EVP_DigestFinal_ex(context, buffer.baseAddress, nil))
            count = Self.byteCount
        }
    }

    /// Fails only if libcrypto is broken or memory is exhausted. No input leads there, and a digest that might be wrong
    /// is worse than the end of the process.
    private func check(_ result: Int32) {
        precondition(result == 1, "libcrypto cannot compute SHA-256")
    }
}
