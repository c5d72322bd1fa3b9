import Inputs

/// Typed access to metadata. Every method throws an `InputError` that names file and key.
extension GGUFFile {
    /// All metadata keys, in order.
    public var keys: [String] { metadata.keys.sorted() }

    /// Whether there is a value under `key`.
    public func has(_ key: String) -> Bool { metadata[key] != nil }

    /// An error about the value under `key`.
    public func error(_ key: String, expected: String, hint: String = "") -> InputError {
        InputError(
            "\(path): \(key)", expected: expected, found: metadata[key]?.summary ?? "no such key", hint: hint)
    }

    /// The string under `key`.
    public func string(_ key: String) throws -> String { try required(key, "a string", optionalString(key)) }

    /// The string under `key`; nil without the key.
    public func optionalString(_ key: String) throws -> String? {
        try value(key, "a string") { if case .string(let text) = $0 { text } else { nil } }
    }

    /// The whole number under `key`.
    public func integer(_ key: String) throws -> Int { try required(key, "a whole number", optionalInteger(key)) }

    /// The whole number under `key`; nil without the key.
    public func optionalInteger(_ key: String) throws -> Int? {
        try value(key, "a whole number") { if case .integer(let whole) = $0 { whole } else { nil } }
    }

    /// The finite number under `key`; whole numbers count.
    public func number(_ key: String) throws -> Double { try required(key, "a number", optionalNumber(key)) }

    /// The finite number under `key`, whole or not; nil without the key.
    public func optionalNumber(_ key: String) throws -> Double? {
        try value(key, "a number") {
            switch $0 {
            case .number(let number) where number.isFinite: number
            case .integer(let whole): Double(whole)
            default: nil
            }
        }
    }

    /// The truth value under `key`.
    public func bool(_ key: String) throws -> Bool { try required(key, "true or false", optionalBool(key)) }

    /// The truth value under `key`; nil without the key.
    public func optionalBool(_ key: String) throws -> Bool? {
        try value(key, "true or false") { if case .bool(let flag) = $0 { flag } else { nil } }
    }

    /// The array of strings under `key`.
    public func strings(_ key: String) throws -> [String] {
        try required(key, "an array of strings", optionalStrings(key))
    }

    /// The array of strings under `key`; nil without the key.
    public func optionalStrings(_ key: String) throws -> [String]? {
        try value(key, "an array of strings") { if case .strings(let list) = $0 { list } else { nil } }
    }

    /// The array of whole numbers under `key`.
    public func integers(_ key: String) throws -> [Int] {
        try required(key, "an array of whole numbers", optionalIntegers(key))
    }

    /// The array of whole numbers under `key`; nil without the key.
    public func optionalIntegers(_ key: String) throws -> [Int]? {
        try value(key, "an array of whole numbers") { if case .integers(let list) = $0 { list } else { nil } }
    }

    private func required<Value>(_ key: String, _ expected: String, _ found: Value?) throws -> Value {
        guard let found else { throw error(key, expected: expected) }
        return found
    }

    private func value<Value>(_ key: String, _ expected: String, _ read: (GGUFValue) -> Value?) throws -> Value? {
        guard let value = metadata[key] else { return nil }
        guard let read = read(value) else { throw error(key, expected: expected) }
        return read
    }
}
