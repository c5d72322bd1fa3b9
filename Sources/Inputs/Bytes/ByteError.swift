/// Why bytes are not what they should be, or why a value cannot be written as bytes.
public struct ByteError: Error, Sendable, Hashable, CustomStringConvertible {
    /// The field, such as `hello.host`.
    public var what: String
    public var expected: String
    public var found: String

    /// Makes an error.
    public init(_ what: String, expected: String, found: String) {
        self.what = what
        self.expected = expected
        self.found = found
    }

    /// The same complaint about the bytes of `place`, such as a peer's or a result's name.
    public func inputError(_ place: String) -> InputError {
        InputError("\(place): \(what)", expected: expected, found: found)
    }

    public var description: String { "\(what): expected \(expected), found \(found)" }
}
