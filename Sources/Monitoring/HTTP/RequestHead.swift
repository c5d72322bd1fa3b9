/// What a client asks for: the first lines of an HTTP/1.1 request (RFC 9112), as far as status pages need them.
///
/// Strict where leniency has led others astray: lines end in CR LF, names of fields are followed by a colon at once,
/// lines are not folded, a field that frames the message comes once. A body is refused, not read.
struct RequestHead: Hashable {
    enum Outcome: Hashable {
        /// More bytes are needed.
        case incomplete
        case complete(RequestHead)
        case refused(StatusProblem)
    }

    /// Bytes of the first line.
    static let mostLineBytes = 2048
    /// Bytes of all lines.
    static let mostBytes = 8192
    static let mostFields = 64

    /// GET or HEAD.
    var method: String
    /// As it came, without the query.
    var path: String
    /// The Host field; HTTP/1.0 may leave it out.
    var host: String?

    /// Reads what has arrived so far.
    static func read(_ bytes: [UInt8]) -> Outcome {
        let carriageReturn = UInt8(ascii: "\r")
        let lineFeed = UInt8(ascii: "\n")
        var lines: [ArraySlice<UInt8>] = []
        var start = bytes.startIndex
        while let end = bytes[start...].firstIndex(of: lineFeed) {
            guard end > start, bytes[end - 1] == carriageReturn else {
                return bad("the request's lines", "CR LF at the end of each", "LF alone")
            }
            let line = bytes[start..<(end - 1)]
            start = end + 1
            if lines.isEmpty, line.count > mostLineBytes { return tooLong(line.count) }
            guard start <= mostBytes else { return tooLarge(start, lines.count) }
            if line.isEmpty { return whole(lines) }
            guard lines.count <= mostFields else { return tooLarge(start, lines.count) }
            lines.append(line)
        }
        if lines.isEmpty, bytes.count > mostLineBytes { return tooLong(bytes.count) }
        return bytes.count > mostBytes ? tooLarge(bytes.count, lines.count) : .incomplete
    }

    private static func whole(_ lines: [ArraySlice<UInt8>]) -> Outcome {
        guard let first = lines.first else { return bad("the request line", "GET /path HTTP/1.1", "an empty line") }
        let words = first.split(separator: UInt8(ascii: " "), omittingEmptySubsequences: false)
        guard words.count == 3, first.allSatisfy({ (0x20...0x7e).contains($0) }) else {
            return bad("the request line", "GET /path HTTP/1.1", "\(words.count) words, or letters beyond ASCII")
        }
        let (method, target, version) = (text(words[0]), text(words[1]), text(words[2]))
        guard version == "HTTP/1.1" || version == "HTTP/1.0" else {
            return .refused(
                StatusProblem(.versionNotSupported, "the request line", expected: "HTTP/1.1", found: version))
        }
        guard method == "GET" || method == "HEAD" else {
            return .refused(StatusProblem(.methodNotAllowed, target, expected: "GET", found: method))
        }
        guard target.hasPrefix("/") else { return bad("the request line", "a path that begins with /", target) }
        let path = String(target.prefix { $0 != "?" })
        return fields(lines.dropFirst(), RequestHead(method: method, path: path), isFirstVersion: version == "HTTP/1.0")
    }

    private static func fields(_ lines: ArraySlice<ArraySlice<UInt8>>, _ start: RequestHead, isFirstVersion: Bool)
        -> Outcome
    {
        var head = start
        var seen: Set<String> = []
        for line in lines {
            let parts = line.split(separator: UInt8(ascii: ":"), maxSplits: 1, omittingEmptySubsequences: false)
            guard parts.count == 2, !parts[0].isEmpty, parts[0].allSatisfy(isToken) else {
                return bad("a header field", "NAME: VALUE", "\(line.count) bytes that are something else")
            }
            let name = text(parts[0]).lowercased()
            guard ["host", "content-length", "transfer-encoding"].contains(name) else { continue }
            guard seen.insert(name).inserted else { return bad("the header field \(name)", "one of it", "two") }
            let value = trimmed(parts[1])
            switch name {
            case "host": head.host = value
            case "content-length" where value == "0": break
            default:
                return .refused(
                    StatusProblem(.contentTooLarge, head.path, expected: "a request without body", found: name))
            }
        }
        guard head.host != nil || isFirstVersion else { return bad("the header", "a Host field", "none") }
        return .complete(head)
    }

    /// RFC 9110, section 5.6.2.
    private static func isToken(_ byte: UInt8) -> Bool {
        let letter = Character(Unicode.Scalar(byte))
        return letter.isASCII && (letter.isLetter || letter.isNumber || "!#$%&'*+-.^_`|~".contains(letter))
    }

    private static func text(_ bytes: ArraySlice<UInt8>) -> String { String(decoding: bytes, as: UTF8.self) }

    private static func trimmed(_ bytes: ArraySlice<UInt8>) -> String {
        let isBlank = { (byte: UInt8) in byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t") }
        var bytes = bytes.drop(while: isBlank)
        while let last = bytes.last, isBlank(last) { bytes.removeLast() }
        return text(bytes)
    }

    private static func bad(_ place: String, _ expected: String, _ found: String) -> Outcome {
        .refused(StatusProblem(.badRequest, place, expected: expected, found: found))
    }

    private static func tooLong(_ count: Int) -> Outcome {
        .refused(
            StatusProblem(
                .targetTooLong, "the request line", expected: "at most \(mostLineBytes) bytes", found: "\(count)"))
    }

    private static func tooLarge(_ count: Int, _ lines: Int) -> Outcome {
        .refused(
            StatusProblem(
                .headTooLarge, "the header", expected: "at most \(mostBytes) bytes and \(mostFields) fields",
                found: "\(count) bytes and \(lines) lines so far"))
    }
}
