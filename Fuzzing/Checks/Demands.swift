import Inputs
import Synchronization

/// What must hold and does not: a finding.
struct Broken: Error, CustomStringConvertible {
    let description: String
}

/// Throws `Broken` where something does not hold.
func demand(_ holds: Bool, _ what: @autoclosure () -> String) throws {
    if !holds { throw Broken(description: what()) }
}

/// The value of what must not throw.
@discardableResult
func must<Value>(_ what: String, _ body: () throws -> Value) throws -> Value {
    do {
        return try body()
    } catch {
        throw Broken(description: "\(what): \(error)")
    }
}

/// What a reader makes of bytes from outside; nil where it refuses them. A refusal is an `InputError` and nothing else, since
/// only that tells a user what to do.
func accepted<Value>(_ body: () throws -> Value) throws -> Value? {
    do {
        let value = try body()
        Acceptances.counted?.count.add(1, ordering: .relaxed)
        return value
    } catch let error as InputError {
        try demand(!error.expected.isEmpty && !error.found.isEmpty, "a refusal that says nothing: \(error)")
        return nil
    } catch let error as Broken {
        throw error
    } catch {
        throw Broken(description: "another error than InputError: \(error)")
    }
}

/// Counts what readers accept: checks whose inputs are all refused show nothing.
final class Acceptances: Sendable {
    let count = Atomic(0)

    /// Where they are counted on this thread.
    @TaskLocal static var counted: Acceptances?
}
