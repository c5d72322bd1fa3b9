/// What a JSON text may have, checked in one pass over its bytes before anything is made of them: a value takes 100 to 500
/// bytes once it is read, however few it has in the text.
public struct JSONLimits: Sendable, Hashable {
    /// Bytes of the text.
    public var bytes: Int
    /// Values: objects, lists, strings, numbers, truth values and nulls. A list or an object without elements counts twice.
    public var values: Int
    /// Objects and lists inside each other. The parser's own limit is the same.
    public var levels = 512

    public init(bytes: Int, values: Int) {
        self.bytes = bytes
        self.values = values
    }

    /// For any file that no other limits are known for. The largest are tokenizers: one with 262,144 entries and 514,906
    /// merges has 33 MB and 1.8 million values.
    public static let standard = JSONLimits(bytes: 128 << 20, values: 6_000_000)

    /// Throws `InputError` with the limit and what was found, where `json` exceeds it. Linear; takes memory for nothing.
    func check(_ json: UnsafeRawBufferPointer, place: String) throws(InputError) {
        guard json.count <= bytes else {
            throw Self.excess(place, "JSON of at most \(bytes) bytes", "\(json.count) bytes")
        }
        var (inString, escaped) = (false, false)
        var count = 1
        var depth = 0
        for byte in json {
            if inString {
                if escaped {
                    escaped = false
                } else if byte == UInt8(ascii: "\\") {
                    escaped = true
                } else if byte == UInt8(ascii: "\"") {
                    inString = false
                }
                continue
            }
            switch byte {
            case UInt8(ascii: "\""): inString = true
            case UInt8(ascii: ","): count += 1
            case UInt8(ascii: "{"), UInt8(ascii: "["):
                count += 1
                depth += 1
                guard depth <= levels else {
                    throw Self.excess(place, "JSON of at most \(levels) levels", "more")
                }
            case UInt8(ascii: "}"), UInt8(ascii: "]"): depth -= 1
            default: break
            }
            guard count <= values else {
                throw Self.excess(place, "JSON of at most \(values) values", "more")
            }
        }
    }

    private static func excess(_ place: String, _ expected: String, _ found: String) -> InputError {
        InputError(place, expected: expected, found: found, hint: "no honest file of this kind is as large")
    }
}
