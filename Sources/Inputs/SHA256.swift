import CCrypto

/// SHA-256 of bytes that come piece by piece, by the system's libcrypto, which has instructions for it where processors
/// do. A name of the algorithm that is looked up once is several times as fast for short texts as one for each hash.
struct SHA256: ~Copyable {
    /// Bytes of a digest.
    static let byteCount = 32

    // It is never changed or freed once it is made.
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

    /// Fails only where libcrypto is broken or memory is out: no input leads there, and a digest that might be wrong is
    /// worse than an end.
    private func check(_ result: Int32) {
        precondition(result == 1, "libcrypto cannot compute SHA-256")
    }
}
