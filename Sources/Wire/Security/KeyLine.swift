import Inputs

/// A key as it stands in a file: `actdiff-key 1 <role> <name> <key>` for a public one, `actdiff-secret 1 …` for a
/// secret one.
///
/// What is wrong with a line is said without repeating it: it may be, or hold, a secret that came to the wrong place.
struct KeyLine {
    static let publicTag = "actdiff-key"
    static let secretTag = "actdiff-secret"
    private static let version = "1"

    let role: KeyRole
    let name: String
    /// 40 characters.
    let key: String

    /// Reads a line's words. `place` is file and line. Throws `InputError` of kind `configuration`.
    init(_ words: [String], tag: String, place: String) throws {
        let form = "'\(tag) 1 <role> <name> <key>'"
        func failure(_ expected: String, _ found: String, hint: String = "") -> InputError {
            InputError(place, expected: expected, found: found, hint: hint, kind: .configuration)
        }
        guard words.first == tag else {
            switch words.first {
            case Self.secretTag:
                throw failure(form, "a secret key", hint: "name the .public file; a secret stays with its owner")
            case Self.publicTag: throw failure(form, "a public key", hint: "name the .secret file")
            default: throw failure(form, "something else")
            }
        }
        guard words.count == 5 else { throw failure("\(form), 5 words", "\(words.count) words") }
        guard words[1] == Self.version else { throw failure("format version 1", "another version") }
        guard let role = KeyRole(rawValue: words[2]) else {
            throw failure(
                "one of the roles \(KeyRole.allCases.map(\.rawValue).joined(separator: ", "))", "another word")
        }
        guard Self.isName(words[3]) else {
            throw failure("a name of 1 to 64 letters, digits, '.', '_' and '-', no dot in front", "another name")
        }
        guard PublicKey(words[4]) != nil else {
            throw failure("a key of \(PublicKey.characterCount) characters of Z85", "something else")
        }
        (self.role, name, key) = (role, words[3], words[4])
    }

    /// Whether it can name a key, and its files.
    static func isName(_ text: String) -> Bool {
        (1...64).contains(text.utf8.count) && !text.hasPrefix(".")
            && text.utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                    UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "-"):
                    true
                default: false
                }
            }
    }

    static func text(tag: String, role: KeyRole, name: String, key: String) -> String {
        "\(tag) \(version) \(role.rawValue) \(name) \(key)\n"
    }
}
