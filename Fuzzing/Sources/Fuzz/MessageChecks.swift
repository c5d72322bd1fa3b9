@testable import Wire

/// Messages: what is decoded has exactly this one encoding.
enum MessageChecks {
    static func check(_ input: [UInt8]) -> CInt {
        // Few inputs have the right checksum, so that each is tried with it, too.
        for bytes in [input, MessageHeader.sealed(input)] {
            check(bytes, as: MessageToCoordinator.self)
            check(bytes, as: MessageFromCoordinator.self)
            _ = MessageHeader.otherVersion(of: bytes)
        }
        return 0
    }

    private static func check<Message: WireMessage & Equatable>(_ bytes: [UInt8], as type: Message.Type) {
        guard let message = try? Message(decoding: bytes) else { return }
        let encoded = must("encoding of \(message)") { try message.encoded() }
        if case .refused = message as? MessageFromCoordinator, MessageHeader.otherVersion(of: encoded) == nil,
            bytes[2..<4] != encoded[2..<4]
        {
            // A refusal of another version; encoding it writes ours.
            demand(must("second decoding") { try Message(decoding: encoded) } == message, "another refusal")
        } else {
            demand(encoded == bytes, "\(message) has two encodings")
        }
    }
}
