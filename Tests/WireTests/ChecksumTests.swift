import Inputs
import TestSupport
import WireSamples
import Testing
@testable import Wire

@Suite("Checksums")
struct ChecksumTests {
    /// Whether a bit stands in the version, which says how the rest is to be read.
    private static func isOfVersion(_ bit: Int) -> Bool { (16..<32).contains(bit) }

    @Test("A flipped bit anywhere in a message is found")
    func flippedBits() throws {
        var samples = Samples(seed: 31)
        var flipped = 0
        for message in try samples.toCoordinator() {
            let bytes = try message.encoded()
            for bit in 0..<8 * bytes.count {
                #expect(throws: ByteError.self) { try MessageToCoordinator(decoding: Self.flip(bit, bytes)) }
                flipped += 1
            }
        }
        for message in try samples.fromCoordinator() {
            let isRefusal = if case .refused = message { true } else { false }
            let bytes = try message.encoded()
            for bit in 0..<8 * bytes.count where !(isRefusal && Self.isOfVersion(bit)) {
                #expect(throws: ByteError.self) { try MessageFromCoordinator(decoding: Self.flip(bit, bytes)) }
                flipped += 1
            }
        }
        print("flipped bits: \(flipped), all found")
        #expect(flipped > 10_000)
    }

    private static func flip(_ bit: Int, _ bytes: [UInt8]) -> [UInt8] {
        var bytes = bytes
        bytes[bit / 8] ^= 1 << UInt8(bit % 8)
        return bytes
    }

    @Test("A wrong checksum is named with both values")
    func wording() throws {
        var bytes = try MessageToCoordinator.goodbye.encoded()
        #expect(bytes.count == 13)
        let right = Digest(of: Array(bytes[..<5])).description.prefix(16)
        bytes.replaceSubrange(5..., with: [0, 1, 2, 3, 4, 5, 6, 0xff])
        let error = #expect(throws: ByteError.self) { try MessageToCoordinator(decoding: bytes) }
        #expect(error?.description == "message.checksum: expected \(right), found 00010203040506ff")
    }

    @Test("A message too short for its checksum is refused")
    func short() throws {
        let bytes = Array(try MessageToCoordinator.goodbye.encoded().prefix(12))
        let error = #expect(throws: ByteError.self) { try MessageToCoordinator(decoding: bytes) }
        #expect(error?.description == "message: expected 13 bytes or more, found 12")
    }

    @Test("A refusal of another version is understood, whatever follows its fields")
    func otherVersions() throws {
        let reason = InputError("protocol version", expected: "3", found: "2", kind: .configuration)
        var bytes = try MessageFromCoordinator.refused(reason).encoded().dropLast(MessageHeader.checksumBytes)
        bytes[2] = 9
        #expect(try MessageFromCoordinator(decoding: Array(bytes)) == .refused(reason))
        #expect(try MessageFromCoordinator(decoding: Array(bytes) + [1, 2, 3]) == .refused(reason))
    }

    @Test("A damaged version is not taken for another version; that of version 1, which had no checksum, is")
    func damagedVersion() throws {
        var bytes = try MessageToCoordinator.goodbye.encoded()
        bytes[2] = 7
        #expect(MessageHeader.otherVersion(of: bytes) == nil)
        #expect(MessageHeader.otherVersion(of: resealed(bytes)) == 7)
        bytes[2] = 1
        #expect(MessageHeader.otherVersion(of: Array(bytes.prefix(5))) == 1)
    }
}
