import Foundation
import Synchronization

/// What a test meets where something should have ended by itself.
public struct NoEnding: Error, CustomStringConvertible {
    public var description: String { "it does not end" }
}

/// What `body` returns or throws, on a thread of its own. Throws `NoEnding` where it has done neither for a time that only
/// a hang takes; the thread is left to itself then.
public func ending<Value: Sendable>(
    patience: Double = 120, _ body: @escaping @Sendable () throws -> Value
) throws -> Value {
    let outcome = Outcome<Value>()
    let thread = Thread { outcome.set(Result(catching: body)) }
    thread.start()
    return try outcome.get(patience)
}

private final class Outcome<Value: Sendable>: Sendable {
    private let result = Mutex<Result<Value, any Error>?>(nil)
    private let ended = DispatchSemaphore(value: 0)

    func set(_ outcome: Result<Value, any Error>) {
        result.withLock { $0 = outcome }
        ended.signal()
    }

    func get(_ patience: Double) throws -> Value {
        guard ended.wait(timeout: .now() + patience) == .success, let outcome = result.withLock({ $0 }) else {
            throw NoEnding()
        }
        return try outcome.get()
    }
}

/// Calls `body` while another thread does `something` again and again, and waits for that thread to end.
public func whileRepeating<Value>(_ something: @escaping @Sendable () -> Void, _ body: () throws -> Value) rethrows
    -> Value
{
    let repetition = Repetition(something)
    defer { repetition.end() }
    return try body()
}

private final class Repetition: Sendable {
    private let isOver = Atomic(false)
    private let ended = DispatchSemaphore(value: 0)

    init(_ something: @escaping @Sendable () -> Void) {
        let thread = Thread { [self] in
            while !isOver.load(ordering: .relaxed) { something() }
            ended.signal()
        }
        thread.start()
    }

    func end() {
        isOver.store(true, ordering: .relaxed)
        ended.wait()
    }
}
