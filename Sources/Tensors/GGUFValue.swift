/// A value in a GGUF file's metadata.
enum GGUFValue: Sendable {
    case integer(Int)
    case number(Double)
    case bool(Bool)
    case string(String)
    case integers([Int])
    case numbers([Double])
    case bools([Bool])
    case strings([String])
    case arrays([GGUFValue])

    /// Arrays may nest; the format sets no limit, a recursive reader needs one.
    private static let deepest = 8

    /// Type numbers of the GGUF specification.
    private enum Kind: UInt32 {
        case uint8, int8, uint16, int16, uint32, int32, float32, bool, string, array, uint64, int64, float64

        /// Bytes that one takes at least.
        var size: Int {
            switch self {
            case .uint8, .int8, .bool: 1
            case .uint16, .int16: 2
            case .uint32, .int32, .float32: 4
            case .string, .uint64, .int64, .float64: 8
            case .array: 12
            }
        }
    }

    /// Reads a type number and a value of that type.
    init(from cursor: inout GGUFCursor) throws {
        let kind = try Self.kind(from: &cursor)
        self = try Self.read(kind, from: &cursor, depth: 0)
    }

    private static func kind(from cursor: inout GGUFCursor) throws -> Kind {
        let code = try cursor.number(UInt32.self)
        guard let kind = Kind(rawValue: code) else {
            throw cursor.error(expected: "a GGUF value type from 0 to 12", found: "\(code)")
        }
        return kind
    }

    private static func read(_ kind: Kind, from cursor: inout GGUFCursor, depth: Int) throws -> GGUFValue {
        switch kind {
        case .uint8, .int8, .uint16, .int16, .uint32, .int32, .uint64, .int64:
            .integer(try integer(kind, from: &cursor))
        case .float32, .float64: .number(try number(kind, from: &cursor))
        case .bool: .bool(try bool(from: &cursor))
        case .string: .string(try cursor.string())
        case .array: try array(from: &cursor, depth: depth + 1)
        }
    }

    private static func array(from cursor: inout GGUFCursor, depth: Int) throws -> GGUFValue {
        guard depth <= deepest else {
            throw cursor.error(expected: "arrays nested at most \(deepest) deep", found: "more")
        }
        let kind = try kind(from: &cursor)
        let count = try cursor.count(of: "array elements", atLeast: kind.size)
        switch kind {
        case .uint8, .int8, .uint16, .int16, .uint32, .int32, .uint64, .int64:
            return .integers(try repeated(count) { try integer(kind, from: &cursor) })
        case .float32, .float64: return .numbers(try repeated(count) { try number(kind, from: &cursor) })
        case .bool: return .bools(try repeated(count) { try bool(from: &cursor) })
        case .string: return .strings(try repeated(count) { try cursor.string() })
        case .array: return .arrays(try repeated(count) { try array(from: &cursor, depth: depth + 1) })
        }
    }

    private static func repeated<Element>(_ count: Int, _ next: () throws -> Element) rethrows -> [Element] {
        var elements: [Element] = []
        elements.reserveCapacity(count)
        for _ in 0..<count { elements.append(try next()) }
        return elements
    }

    private static func integer(_ kind: Kind, from cursor: inout GGUFCursor) throws -> Int {
        switch kind {
        case .uint8: return Int(try cursor.number(UInt8.self))
        case .int8: return Int(try cursor.number(Int8.self))
        case .uint16: return Int(try cursor.number(UInt16.self))
        case .int16: return Int(try cursor.number(Int16.self))
        case .uint32: return Int(try cursor.number(UInt32.self))
        case .int32: return Int(try cursor.number(Int32.self))
        case .int64: return Int(try cursor.number(Int64.self))
        default:
            let value = try cursor.number(UInt64.self)
            guard let whole = Int(exactly: value) else {
                throw cursor.error(expected: "a whole number below 2^63", found: "\(value)")
            }
            return whole
        }
    }

    private static func number(_ kind: Kind, from cursor: inout GGUFCursor) throws -> Double {
        switch kind {
        case .float32: Double(Float(bitPattern: try cursor.number(UInt32.self)))
        default: Double(bitPattern: try cursor.number(UInt64.self))
        }
    }

    private static func bool(from cursor: inout GGUFCursor) throws -> Bool {
        let byte = try cursor.number(UInt8.self)
        guard byte <= 1 else { throw cursor.error(expected: "0 or 1 for a truth value", found: "\(byte)") }
        return byte == 1
    }

    /// A short rendering for error messages.
    var summary: String {
        switch self {
        case .integer(let whole): "\(whole)"
        case .number(let number): "\(number)"
        case .bool(let flag): "\(flag)"
        case .string(let text): "\"\(text.prefix(80))\""
        case .integers(let list): "an array of \(list.count) whole numbers"
        case .numbers(let list): "an array of \(list.count) numbers"
        case .bools(let list): "an array of \(list.count) truth values"
        case .strings(let list): "an array of \(list.count) strings"
        case .arrays(let list): "an array of \(list.count) arrays"
        }
    }
}
