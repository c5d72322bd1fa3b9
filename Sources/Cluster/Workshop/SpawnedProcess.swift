import CLinux
import Foundation
import Synchronization

/// A child process that is waited for on a thread of its own. Foundation's `Process` learns of an end by a descriptor that the
/// child inherits; a child that closes what it inherits would never end for it.
final class SpawnedProcess: Sendable {
    /// How a process ended.
    enum End: Sendable, Hashable, CustomStringConvertible {
        case status(Int32)
        case signal(Int32)

        var description: String {
            switch self {
            case .status(let status): "exit status \(status)"
            case .signal(let signal): "signal \(signal)"
            }
        }
    }

    private let processID: pid_t
    /// Nil while it runs; after that its number may be another process's.
    private let end = Mutex<End?>(nil)
    private let ended = DispatchGroup()

    /// Starts a program with a descriptor as its standard input, and nothing for its output. `said` gets what it writes to
    /// standard error, on the thread that waits. Throws `POSIXError`.
    init(
        _ executable: String, _ arguments: [String], environment: [String: String], input: Int32,
        said: @escaping @Sendable ([UInt8]) -> Void
    ) throws {
        var ends: [Int32] = [-1, -1]
        guard clinux_pipe(&ends) == 0 else { throw POSIXError(POSIXErrorCode(rawValue: errno) ?? .EMFILE) }
        let (reading, error) = (ends[0], ends[1])
        defer { close(error) }
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_adddup2(&actions, input, STDIN_FILENO)
        posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0)
        posix_spawn_file_actions_adddup2(&actions, error, STDERR_FILENO)
        var words = ([executable] + arguments).map { strdup($0) } + [nil]
        var variables = environment.map { strdup("\($0)=\($1)") } + [nil]
        defer { for text in words + variables { free(text) } }
        var id: pid_t = 0
        let code = posix_spawn(&id, executable, &actions, nil, &words, &variables)
        guard code == 0 else {
            close(reading)
            throw POSIXError(POSIXErrorCode(rawValue: code) ?? .EINVAL)
        }
        processID = id
        ended.enter()
        let thread = Thread { [self] in
            Self.readAll(reading, said)
            waitForEnd()
        }
        thread.name = "actdiff-wait"
        thread.start()
    }

    /// Reads until the other end is closed, and closes this one.
    private static func readAll(_ descriptor: Int32, _ said: ([UInt8]) -> Void) {
        var chunk = [UInt8](repeating: 0, count: 4096)
        while true {
            let count = read(descriptor, &chunk, chunk.count)
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { break }
            said(Array(chunk[..<count]))
        }
        close(descriptor)
    }

    private func waitForEnd() {
        var info = siginfo_t()
        // It stays known until its number is no longer used below.
        while waitid(P_PID, id_t(processID), &info, WEXITED | WNOWAIT) != 0, errno == EINTR {}
        end.withLock { end in
            var status: Int32 = 0
            while waitpid(processID, &status, 0) < 0, errno == EINTR {}
            end = status & 0x7f == 0 ? .status(status >> 8 & 0xff) : .signal(status & 0x7f)
        }
        ended.leave()
    }

    var isRunning: Bool { end.withLock { $0 == nil } }

    /// Ends it at once, if it still runs.
    func kill() {
        end.withLock { end in
            if end == nil { _ = Glibc.kill(processID, SIGKILL) }
        }
    }

    /// Waits for its end; after so many seconds it is ended.
    func waitForEnd(patience: Double) -> End {
        if ended.wait(timeout: .now() + patience) == .timedOut { kill() }
        ended.wait()
        return end.withLock { $0 } ?? .status(0)
    }
}
