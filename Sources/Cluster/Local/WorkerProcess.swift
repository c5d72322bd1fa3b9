import Compute
import Foundation
import Inputs
import Wire

/// A worker as a child process, which ends when its standard input is closed.
final class WorkerProcess {
    /// How a process ended.
    struct Exit: Sendable, CustomStringConvertible {
        var processID: Int
        /// Exit status, or the signal's number.
        var status: Int32
        var bySignal: Bool

        var description: String { bySignal ? "ended by signal \(status)" : "exit status \(status)" }

        /// Whether another start would end the same way.
        var isHopeless: Bool {
            !bySignal && InputError.Kind.allCases.contains { $0 != .temporary && $0.exitStatus == status }
        }

        var kind: InputError.Kind {
            bySignal ? .temporary : InputError.Kind.allCases.first { $0.exitStatus == status } ?? .temporary
        }
    }

    /// Seconds that a worker has to end after its input was closed.
    private static let patience = 5.0

    let processID: Int
    private let process = Process()
    private let input = Pipe()
    private let ended = DispatchSemaphore(value: 0)

    /// Starts it, on `processors` only if there are some. `relay` gets its lines. `exited` is called when it ends, on a
    /// thread of the system's choice. Throws `InputError`.
    init(
        _ executable: String, _ arguments: [String], processors: ProcessorSet?,
        relay: (@Sendable (String) -> Void)? = nil,
        exited: @escaping @Sendable (Exit) -> Void
    ) throws {
        process.executableURL = URL(fileURLWithPath: executable)
        process.arguments = arguments
        // Keys in the environment are for another coordinator: this one has none.
        process.environment = ProcessInfo.processInfo.environment.filter { !KeySources.variables.contains($0.key) }
        process.standardInput = input
        if let relay { process.standardError = LineRelay(relay).pipe }
        process.terminationHandler = { [ended] process in
            ended.signal()
            exited(
                Exit(
                    processID: Int(process.processIdentifier), status: process.terminationStatus,
                    bySignal: process.terminationReason == .uncaughtSignal))
        }
        // A new process inherits the processors of the thread that starts it. So do two threads that Foundation starts
        // with the first process; they only wait.
        let own = processors.flatMap { _ in ProcessorSet.ofThisThread() }
        processors?.bindThisThread()
        defer { own?.bindThisThread() }
        do {
            try process.run()
        } catch {
            throw InputError(
                executable, expected: "a program that can be started", found: "\(error.localizedDescription)",
                kind: .temporary)
        }
        processID = Int(process.processIdentifier)
    }

    /// Tells it to end.
    func closeInput() {
        try? input.fileHandleForWriting.close()
    }

    /// Waits for its end, which is forced if it takes too long.
    func waitOrKill() {
        guard ended.wait(timeout: .now() + Self.patience) == .timedOut else { return }
        kill(process.processIdentifier, SIGKILL)
        ended.wait()
    }
}
