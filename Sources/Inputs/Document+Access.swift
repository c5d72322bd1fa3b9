/// Typed access to a document's values. Every method throws an `InputError` that names file, line and key.
extension Document {
    /// Where this value stands, for an error message.
    public var place: String { Self.place(file: file, line: line, key: key) }

    /// An error about this value.
    public func error(expected: String, hint: String = "") -> InputError {
        InputError(place, expected: expected, found: "\(value)", hint: hint)
    }

    /// True for an explicit `null`.
    public var isNull: Bool { value == .null }

    /// The members of an object, in no order.
    public func object() throws -> [String: Value] {
        guard case .object(let members) = value else { throw error(expected: "a mapping") }
        return members
    }

    /// The value under `name`; nil where the key is absent or null.
    public func optional(_ name: String) throws -> Document? {
        guard let member = try object()[name], member != .null else { return nil }
        return self.member(key.isEmpty ? name : "\(key).\(name)", member)
    }

    /// The value under `name`, which must be there.
    public func required(_ name: String) throws -> Document {
        guard let member = try optional(name) else {
            throw InputError(place, expected: "the key '\(name)'", found: "no such key")
        }
        return member
    }

    /// Refuses keys outside `known`, so that a misspelt key is never silently ignored.
    public func refuseKeys(outside known: Set<String>, hint: String = "") throws {
        guard let stranger = try object().keys.filter({ !known.contains($0) }).sorted().first else { return }
        let place = member(key.isEmpty ? stranger : "\(key).\(stranger)", .null).place
        throw InputError(
            place, expected: "one of the keys \(known.sorted().joined(separator: ", "))", found: "'\(stranger)'",
            hint: hint.isEmpty ? Suggestion.hint(for: stranger, among: known.sorted()) : hint)
    }

    /// The value as a string.
    public func string() throws -> String {
        guard case .string(let text) = value else { throw error(expected: "a string") }
        return text
    }

    /// The value as a whole number.
    public func integer() throws -> Int {
        guard case .integer(let whole) = value else { throw error(expected: "a whole number") }
        return whole
    }

    /// The value as a whole number of at least `minimum`.
    public func integer(atLeast minimum: Int) throws -> Int {
        let whole = try integer()
        guard whole >= minimum else { throw error(expected: "a whole number of at least \(minimum)") }
        return whole
    }

    /// The value as a finite number; whole numbers count.
    public func number() throws -> Double {
        switch value {
        case .integer(let whole): return Double(whole)
        case .number(let number) where number.isFinite: return number
        default: throw error(expected: "a number")
        }
    }

    /// The value as true or false.
    public func bool() throws -> Bool {
        guard case .bool(let flag) = value else { throw error(expected: "true or false") }
        return flag
    }

    /// The elements of a list, each knowing its index.
    public func list() throws -> [Document] {
        guard case .array(let elements) = value else { throw error(expected: "a list") }
        return elements.enumerated().map { index, element in
            member("\(key)[\(index)]", element)
        }
    }
}
