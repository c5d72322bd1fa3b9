import Foundation
import GRDB
import Inputs

/// Values of a row as they must be. A database may be damaged, or written by somebody else: what does not fit is an error that
/// names the row, where GRDB's own subscripts would end the process.
extension Row {
    /// The column's value. `place` names the row.
    func value<Value: DatabaseValueConvertible>(_ column: String, of place: String) throws -> Value {
        let stored: DatabaseValue = self[column]
        guard let value = Value.fromDatabaseValue(stored) else { throw Self.damaged(column, of: place, "\(stored)") }
        return value
    }

    /// The column's value; nil for NULL.
    func optional<Value: DatabaseValueConvertible>(_ column: String, of place: String) throws -> Value? {
        let stored: DatabaseValue = self[column]
        return stored.isNull ? nil : try value(column, of: place)
    }

    /// A whole number from 0 up to `limit`.
    func count(_ column: String, of place: String, upTo limit: Int = .max) throws -> Int {
        let number: Int = try value(column, of: place)
        guard (0...limit).contains(number) else { throw Self.damaged(column, of: place, "\(number)") }
        return number
    }

    /// What a text says, by `read`; nil for NULL.
    func parsed<Value>(_ column: String, of place: String, _ read: (String) throws -> Value?) throws -> Value? {
        guard let text: String = try optional(column, of: place) else { return nil }
        guard let value = try? read(text) else { throw Self.damaged(column, of: place, text) }
        return value
    }

    static func damaged(_ column: String, of place: String, _ found: String) -> InputError {
        InputError(
            "jobs.sqlite: \(place)", expected: "a value of the column \(column) as it was stored",
            found: String(found.prefix(80)),
            hint: "the database or its disk is damaged: restore the state folder, or submit the job again",
            kind: .configuration)
    }
}

/// Values that are stored as JSON.
enum StoredJSON {
    static func decode<Value: Decodable>(_ text: String) throws -> Value {
        try JSONDecoder().decode(Value.self, from: Data(text.utf8))
    }
}
