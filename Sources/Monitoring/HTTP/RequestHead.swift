/// What a client asks for: the part of a request before its body, as far as the status pages need it.
struct RequestHead: Hashable {
    /// Capital letters, such as `GET`.
    var method: String
    /// As it was sent: visible ASCII without a space.
    var target: String
    /// Of HTTP/1: 0 or 1.
    var minorVersion: Int
    /// The values of all `Host` fields.
    var hosts: [String] = []

    /// Reads a request line without its line break. The version comes first: what speaks another one may mean anything.
    init(line: [UInt8]) throws(StatusProblem) {
        let parts = line.split(separator: UInt8(ascii: " "), omittingEmptySubsequences: false)
        guard let method = parts.first, !method.isEmpty,
            method.allSatisfy({ (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains($0) })
        else { throw .badRequest("the request line", expected: "a method such as GET", line) }
        guard parts.count > 2 else { throw .version(found: "none") }
        guard parts.count == 3, !parts[1].isEmpty, parts[1].allSatisfy({ (0x21...0x7E).contains($0) }) else {
            throw .badRequest("the request line", expected: "a method, a path in ASCII and a version", line)
        }
        switch String(decoding: parts[2], as: UTF8.self) {
        case "HTTP/1.0": minorVersion = 0
        case "HTTP/1.1": minorVersion = 1
        case let other where other.hasPrefix("HTTP/"): throw .version(found: other)
        default: throw .badRequest("the request line", expected: "HTTP/1.1 at its end", line)
        }
        self.method = String(decoding: method, as: UTF8.self)
        target = String(decoding: parts[1], as: UTF8.self)
    }
}

/// Reads a request's head byte by byte and keeps no more of it than a line, after <https://www.rfc-editor.org/rfc/rfc9112>.
///
/// Where that document lets a server be lenient this one is not: lines end in CR LF, no field goes on in a second line, and
/// no control character stands anywhere but tabs in a field's value.
struct RequestReader {
    /// Bytes of a line without its break, bytes of all lines with theirs, and fields.
    static let (mostLineBytes, mostBytes, mostFields) = (4096, 8192, 64)

    private var line: [UInt8] = []
    private var isLineOver = false
    private var bytes = 0
    private var fields = 0
    private var hasLength = false
    private var head: RequestHead?

    /// Takes bytes in their order; returns the head once it is complete, whatever bytes may follow it. Throws a problem as
    /// soon as the bytes can no longer become a request; nothing more must be taken then.
    mutating func take(_ bytes: some Sequence<UInt8>) throws(StatusProblem) -> RequestHead? {
        for byte in bytes {
            if let head = try take(byte) { return head }
        }
        return nil
    }

    private mutating func take(_ byte: UInt8) throws(StatusProblem) -> RequestHead? {
        bytes += 1
        guard bytes <= Self.mostBytes, line.count < Self.mostLineBytes || isLineOver || byte == Self.carriageReturn
        else { throw .tooLarge(found: "more") }
        switch byte {
        case Self.lineFeed where isLineOver:
            defer {
                line.removeAll(keepingCapacity: true)
                isLineOver = false
            }
            return try takeLine()
        case Self.carriageReturn where !isLineOver: isLineOver = true
        case 0x20...0x7E where !isLineOver, 0x80... where !isLineOver, Self.tab where !isLineOver: line.append(byte)
        default:
            throw StatusProblem(
                .badRequest, "the request", expected: "lines of text that end in CR LF",
                found: "byte 0x\(String(byte, radix: 16)) at \(bytes - 1)")
        }
        return nil
    }

    /// The head, where the line that is complete now is its last.
    private mutating func takeLine() throws(StatusProblem) -> RequestHead? {
        guard head != nil else {
            head = try RequestHead(line: line)
            return nil
        }
        if line.isEmpty { return head }
        fields += 1
        guard fields <= Self.mostFields else { throw .tooLarge(found: "more fields") }
        try takeField()
        return nil
    }

    private mutating func takeField() throws(StatusProblem) {
        guard let colon = line.firstIndex(of: UInt8(ascii: ":")), colon > 0, line[..<colon].allSatisfy(Self.isOfToken)
        else { throw .badRequest("the header", expected: "a name, a colon and a value", line) }
        let value = String(decoding: Self.trimmed(line[(colon + 1)...]), as: UTF8.self)
        switch String(decoding: line[..<colon], as: UTF8.self).lowercased() {
        case "host": head?.hosts.append(value)
        case "content-length":
            guard !hasLength, !value.isEmpty, value.utf8.allSatisfy(Self.isDigit) else {
                throw .badRequest("the header", expected: "one Content-Length, which is a number", line)
            }
            hasLength = true
        default: break
        }
    }

    private static let (carriageReturn, lineFeed, tab) = (UInt8(0x0D), UInt8(0x0A), UInt8(0x09))

    /// Without spaces and tabs around it.
    private static func trimmed(_ value: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
        func isBlank(_ byte: UInt8) -> Bool { byte == UInt8(ascii: " ") || byte == tab }
        let start = value.drop(while: isBlank)
        guard let last = start.lastIndex(where: { !isBlank($0) }) else { return [] }
        return start[...last]
    }

    private static func isDigit(_ byte: UInt8) -> Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) }

    /// What RFC 9110 calls `tchar`.
    private static func isOfToken(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"): true
        default: isDigit(byte) || "!#$%&'*+-.^_`|~".utf8.contains(byte)
        }
    }
}

extension StatusProblem {
    fileprivate static func badRequest(_ place: String, expected: String, _ found: [UInt8]) -> StatusProblem {
        StatusProblem(.badRequest, place, expected: expected, found: String(decoding: found.prefix(200), as: UTF8.self))
    }

    fileprivate static func version(found: String) -> StatusProblem {
        StatusProblem(.versionNotSupported, "the request line", expected: "HTTP/1.1", found: found)
    }

    fileprivate static func tooLarge(found: String) -> StatusProblem {
        let (line, all, fields) = (RequestReader.mostLineBytes, RequestReader.mostBytes, RequestReader.mostFields)
        return StatusProblem(
            .headTooLarge, "the request",
            expected: "at most \(line) bytes in a line, \(all) bytes and \(fields) fields",
            found: found)
    }
}
