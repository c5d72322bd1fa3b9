import Foundation
import Testing

@testable import Inputs

@Suite struct SHA256Tests {
    /// NIST's examples for SHA-256, <https://csrc.nist.gov/projects/cryptographic-standards-and-guidelines>.
    @Test(arguments: [
        ("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
        (
            "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
            "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"
        ),
        (
            String(repeating: "a", count: 1_000_000),
            "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"
        ),
    ])
    func examples(_ text: String, _ hex: String) {
        #expect(Digest(of: text).description == hex)
    }

    /// Two pieces and a rest, as files are read.
    @Test func aFileHasTheDigestOfItsBytes() throws {
        let path = NSTemporaryDirectory() + "/\(UUID().uuidString)"
        defer { try? FileManager.default.removeItem(atPath: path) }
        let bytes = (0..<(2 << 16) + 5).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ $0 >> 8) }
        try AtomicFile.write(bytes, to: path)
        #expect(try Digest(of: InputFile(path)) == Digest(of: bytes))
    }

    @Test func threadsDoNotDisturbOneAnother() async {
        let expected = Digest(of: "abc")
        let wrong = await withTaskGroup(of: Int.self) { group in
            for _ in 0..<8 { group.addTask { (0..<2000).count { _ in Digest(of: "abc") != expected } } }
            return await group.reduce(0, +)
        }
        #expect(wrong == 0)
    }
}
