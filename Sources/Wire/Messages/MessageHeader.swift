import Inputs

/// The first five bytes of every message: the letters AD, the protocol version (u16), the kind (u8).
///
/// The last eight are the first of SHA-256 over all bytes before. TCP's own checksum is 16 bits of addition: without
/// this one, a bit that flipped on a plain connection could become another lease, or another token.
struct MessageHeader {
    static let magic = Array("AD".utf8)
    static let byteCount = 5
    static let checksumBytes = 8
    /// Had no checksum; all versions since have this one.
    static let versionWithoutChecksum: UInt16 = 1

    let version: UInt16
    let kind: UInt8

    /// Whether it is of our own protocol version.
    var isCurrent: Bool { version == WireFormat.protocolVersion }

    static func write(kind: UInt8, to writer: inout ByteWriter) {
        writer.raw(magic)
        writer.fixed(WireFormat.protocolVersion)
        writer.fixed(kind)
    }

    /// Header and body of a message. Throws for another magic, and where checksum and bytes do not agree.
    ///
    /// The checksum of a message of another version is not checked here; the caller judges that.
    static func open(_ message: [UInt8]) throws -> (header: MessageHeader, body: ByteReader) {
        let header = try read(message)
        guard header.isCurrent else { return (header, reader(message, upTo: message.count)) }
        let end = message.count - checksumBytes
        guard end >= byteCount else {
            throw ByteError(
                "message", expected: "\(byteCount + checksumBytes) bytes or more", found: "\(message.count)")
        }
        let expected = checksum(message[..<end])
        guard expected.elementsEqual(message[end...]) else {
            throw ByteError("message.checksum", expected: hex(expected), found: hex(message[end...]))
        }
        return (header, reader(message, upTo: end))
    }

    /// The version of a whole message of another protocol version, nil for anything else.
    static func otherVersion(of message: [UInt8]) -> UInt16? {
        guard let version = try? read(message).version, version != WireFormat.protocolVersion else { return nil }
        if version == versionWithoutChecksum { return version }
        // A message of ours whose version was damaged must not be answered as if it were of another one.
        let end = message.count - checksumBytes
        return end >= byteCount && checksum(message[..<end]).elementsEqual(message[end...]) ? version : nil
    }

    /// The bytes with their checksum after them.
    static func sealed(_ bytes: [UInt8]) -> [UInt8] {
        bytes + checksum(bytes[...])
    }

    static func wrongVersion(_ version: UInt16) -> ByteError {
        ByteError("message.version", expected: "protocol version \(WireFormat.protocolVersion)", found: "\(version)")
    }

    private static func read(_ message: [UInt8]) throws -> MessageHeader {
        var reader = ByteReader(message)
        let found = try reader.raw(magic.count, "message.magic")
        guard found.elementsEqual(magic) else {
            throw ByteError("message.magic", expected: "the letters AD", found: "bytes \(Array(found))")
        }
        return MessageHeader(version: try reader.fixed("message.version"), kind: try reader.fixed("message.kind"))
    }

    private static func reader(_ message: [UInt8], upTo end: Int) -> ByteReader {
        ByteReader(message, in: byteCount..<end)
    }

    private static func checksum(_ bytes: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
        bytes.withUnsafeBytes { Digest(of: $0) }.bytes.prefix(checksumBytes)
    }

    private static func hex(_ bytes: ArraySlice<UInt8>) -> String {
        bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }
}

/// What both ends of a connection must agree on.
public enum WireFormat {
    /// Version of the message layouts.
    public static let protocolVersion: UInt16 = 3
}

extension ByteWriter {
    /// The finished message with its checksum; throws where it is longer than a frame may be.
    func message() throws -> [UInt8] {
        let message = MessageHeader.sealed(bytes)
        guard message.count <= WireLimits.messageBytes else {
            throw ByteError("message", expected: "at most \(WireLimits.messageBytes) bytes", found: "\(message.count)")
        }
        return message
    }
}

/// The messages of one direction.
protocol WireMessage {
    var channel: Channel { get }
    func encoded() throws -> [UInt8]
    init(decoding bytes: [UInt8]) throws
}

extension MessageToCoordinator: WireMessage {}
extension MessageFromCoordinator: WireMessage {}
