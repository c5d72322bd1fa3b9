import Inputs

/// Whose keys a coordinator accepts: public keys of workers and operators, as a list in a file.
///
/// Any number of lines of public key files, in any order, with comments between them, such as
/// `cat keys/*.public > allowed.keys` makes when the coordinator's own is left out.
struct AllowedKeys: Sendable {
    private(set) var principals: [PublicKey: Principal] = [:]

    /// Reads a list. Throws `InputError` of kind `configuration` with file and line for anything that is not a worker's
    /// or operator's public key, for a key that is there twice, and for a list without a key.
    init(at path: String) throws {
        let file = try SmallFile(path)
        var lineOfKey: [PublicKey: Int] = [:]
        for (number, words) in file.lines {
            let place = "\(path):\(number)"
            let line = try KeyLine(words, tag: KeyLine.publicTag, place: place)
            guard line.role != .coordinator, let key = PublicKey(line.key) else {
                throw InputError(
                    place, expected: "the key of a worker or an operator", found: "that of a coordinator",
                    kind: .configuration)
            }
            if let before = lineOfKey.updateValue(number, forKey: key) {
                throw InputError(
                    place, expected: "every key once", found: "the key of line \(before) again", kind: .configuration)
            }
            principals[key] = Principal(role: line.role, name: line.name, key: key)
        }
        guard !principals.isEmpty else {
            throw InputError(path, expected: "at least one allowed key", found: "none", kind: .configuration)
        }
    }

    /// The list with those of another that it does not have, or has with another role or name.
    func adding(_ other: AllowedKeys) -> AllowedKeys {
        var sum = self
        sum.principals.merge(other.principals) { $1 }
        return sum
    }
}
