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

    /// Starts a program with these descriptors as its standard input and error, and nothing for its output. Throws
    /// `POSIXError`.
    init(_ executable: String, _ arguments: [String], environment: [String: String], input: Int32, error: Int32) throws
    {
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
        guard code == 0 else { throw POSIXError(POSIXErrorCode(rawValue: code) ?? .EINVAL) }
        processID = id
        ended.enter()
        let thread = Thread { [self] in waitForEnd() }
        thread.name = "actdiff-wait"
        thread.start()
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
