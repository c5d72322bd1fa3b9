import CLinux
import Compute
import Foundation
import Inputs
import Synchronization
import Wire

/// A worker as a child process, which ends when its standard input is closed.
final class WorkerProcess {
    /// How a process ended.
    struct Exit: Sendable, CustomStringConvertible {
        var processID: Int
        var end: SpawnedProcess.End

        var description: String {
            switch end {
            case .status(let status): "exit status \(status)"
            case .signal(let signal): "ended by signal \(signal)"
            }
        }

        /// Whether another start would end the same way.
        var isHopeless: Bool { kind != .temporary }

        var kind: InputError.Kind {
            guard case .status(let status) = end else { return .temporary }
            return InputError.Kind.allCases.first { $0.exitStatus == status } ?? .temporary
        }
    }

    /// Seconds that a worker has to end after its input was closed.
    private static let patience = 5.0

    private let process: SpawnedProcess
    /// The end of the pipe whose other one is the worker's standard input; nil once it is closed.
    private var input: FileHandle?

    var processID: Int { Int(process.processID) }

    /// Starts it, on `processors` only if there are some. `relay` gets its lines. `exited` is called when it ends. Both are
    /// called on a thread of their own. Throws `InputError`.
    init(
        _ executable: String, _ arguments: [String], processors: ProcessorSet?,
        relay: (@Sendable (String) -> Void)? = nil,
        exited: @escaping @Sendable (Exit) -> Void
    ) throws {
        var ends: [Int32] = [-1, -1]
        guard clinux_pipe(&ends) == 0 else { throw Self.cannotStart(executable, String(cString: strerror(errno))) }
        defer { close(ends[0]) }
        input = FileHandle(fileDescriptor: ends[1], closeOnDealloc: true)
        // A new process inherits the processors of the thread that starts it.
        let own = processors.flatMap { _ in ProcessorSet.ofThisThread() }
        processors?.bindThisThread()
        defer { own?.bindThisThread() }
        do {
            // Keys in the environment are for another coordinator: this one has none.
            process = try SpawnedProcess(
                executable, arguments,
                environment: ProcessInfo.processInfo.environment.filter { !KeySources.variables.contains($0.key) },
                input: ends[0], Self.listeners(relay, exited))
        } catch {
            throw Self.cannotStart(executable, "\(error)")
        }
    }

    private static func listeners(
        _ relay: (@Sendable (String) -> Void)?, _ exited: @escaping @Sendable (Exit) -> Void
    ) -> SpawnedProcess.Listeners {
        guard let relay else {
            return .init(ended: { exited(Exit(processID: Int($0), end: $1)) })
        }
        let lines = Lines()
        return .init(
            said: { piece in lines.splitter.withLock { $0.take(piece) }.forEach(relay) },
            ended: { process, end in
                // The last line may be without an end.
                if let rest = lines.splitter.withLock({ $0.finish() }) { relay(rest) }
                exited(Exit(processID: Int(process), end: end))
            })
    }

    /// What has come of a worker's lines.
    private final class Lines: Sendable {
        let splitter = Mutex(LineSplitter())
    }

    private static func cannotStart(_ executable: String, _ why: String) -> InputError {
        InputError(executable, expected: "a program that can be started", found: why, kind: .temporary)
    }

    /// Tells it to end.
    func closeInput() {
        try? input?.close()
        input = nil
    }

    /// Waits for its end, which is forced if it takes too long.
    func waitOrKill() {
        process.waitForEnd(patience: Self.patience)
    }
}
