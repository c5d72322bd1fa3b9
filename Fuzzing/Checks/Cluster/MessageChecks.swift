import TestSupport
import WireSamples

@testable import Wire

/// Messages: what is decoded has exactly this one encoding.
struct MessageChecks: Checks {
    func check(_ input: [UInt8]) throws {
        // Few inputs have the right checksum, so that each is tried with it, too.
        for bytes in [input, MessageHeader.sealed(input)] {
            try check(bytes, as: MessageToCoordinator.self)
            try check(bytes, as: MessageFromCoordinator.self)
            _ = MessageHeader.otherVersion(of: bytes)
        }
    }

    private func check<Message: WireMessage & Equatable>(_ bytes: [UInt8], as type: Message.Type) throws {
        guard let message = try? Message(decoding: bytes) else { return }
        let encoded = try must("encoding of \(message)") { try message.encoded() }
        if case .refused = message as? MessageFromCoordinator, MessageHeader.otherVersion(of: encoded) == nil,
            bytes[2..<4] != encoded[2..<4]
        {
            // A refusal of another version; encoding it writes ours.
            try demand(try must("second decoding") { try Message(decoding: encoded) } == message, "another refusal")
        } else {
            try demand(encoded == bytes, "\(message) has two encodings")
        }
    }

    /// Two of every kind, without checksum.
    static func seeds() throws -> [[UInt8]] {
        var samples = Samples(seed: 1)
        return try (0..<2).flatMap { _ in
            try samples.toCoordinator().map { try $0.encoded() } + samples.fromCoordinator().map { try $0.encoded() }
        }
        .map { Array($0.dropLast(MessageHeader.checksumBytes)) }
    }
}
