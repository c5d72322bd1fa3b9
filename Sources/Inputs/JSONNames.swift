import Foundation

/// The names in a JSON object as the text has them: in their order, which parsing loses.
public enum JSONNames {
    /// The names of the members of the root object or, with `member`, of the object that is this member of it.
    ///
    /// The text must be JSON that has already been parsed without error.
    public static func names(in json: some Collection<UInt8>, of member: String? = nil, file: String) throws -> [String]
    {
        let wanted = member == nil ? 1 : 2
        var found: [String] = []
        var outer: String?
        var depth = 0
        var literal: [UInt8] = []
        var (inString, escaped) = (false, false)
        for byte in json {
            if inString {
                literal.append(byte)
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
            case UInt8(ascii: "\""): (literal, inString) = ([byte], true)
            case UInt8(ascii: "{"), UInt8(ascii: "["): depth += 1
            case UInt8(ascii: "}"), UInt8(ascii: "]"): depth -= 1
            case UInt8(ascii: ":") where depth == wanted && (member == nil || outer == member):
                found.append(try decode(literal, file: file))
            case UInt8(ascii: ":") where depth == 1:
                outer = try decode(literal, file: file)
            default: break
            }
        }
        return found
    }

    private static func decode(_ literal: [UInt8], file: String) throws -> String {
        try Document(json: Data(literal), file: file).string()
    }
}
