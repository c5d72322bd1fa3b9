import CLinux
import Foundation
import Synchronization

/// A child process that is waited for on a thread of its own. Foundation's `Process` learns of an end by a descriptor that the
/// child inherits; a child that closes what it inherits would never end for it, and where memory is short it may miss the end
/// of any child.
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

    /// What is told of it, on the thread that waits.
    struct Listeners: Sendable {
        /// Gets what it writes to standard error; nil to leave that where this process has it.
        var said: (@Sendable ([UInt8]) -> Void)?
        /// Called once, when it has ended and all that it said was told.
        var ended: @Sendable (pid_t, End) -> Void = { _, _ in }
    }

    /// Seconds in which the thread that waits must have seen the end of a process that was killed.
    private static let mostDelay = 5.0

    let processID: pid_t
    /// Nil while it runs; after that its number may be another process's.
    private let end = Mutex<End?>(nil)
    private let group = DispatchGroup()
    private let ended: @Sendable (pid_t, End) -> Void

    /// Starts a program with a descriptor as its standard input, and nothing for its output, in a process group of its own: a
    /// Ctrl-C is for this process, which tells the child. Throws `POSIXError`.
    init(
        _ executable: String, _ arguments: [String], environment: [String: String], input: Int32, _ listeners: Listeners
    ) throws {
        var ends: [Int32] = [-1, -1]
        guard listeners.said == nil || clinux_pipe(&ends) == 0 else {
            throw POSIXError(POSIXErrorCode(rawValue: errno) ?? .EMFILE)
        }
        let (reading, error) = (ends[0], ends[1])
        defer { if error >= 0 { close(error) } }
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_adddup2(&actions, input, STDIN_FILENO)
        posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0)
        if error >= 0 { posix_spawn_file_actions_adddup2(&actions, error, STDERR_FILENO) }
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETPGROUP))
        posix_spawnattr_setpgroup(&attributes, 0)
        var words = ([executable] + arguments).map { strdup($0) } + [nil]
        var variables = environment.map { strdup("\($0)=\($1)") } + [nil]
        defer { for text in words + variables { free(text) } }
        var id: pid_t = 0
        let code = posix_spawn(&id, executable, &actions, &attributes, &words, &variables)
        guard code == 0 else {
            if reading >= 0 { close(reading) }
            throw POSIXError(POSIXErrorCode(rawValue: code) ?? .EINVAL)
        }
        processID = id
        ended = listeners.ended
        group.enter()
        let thread = Thread { [self] in
            if let said = listeners.said { Self.readAll(reading, said) }
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
        collect()
    }

    /// Takes in how it ended, once; it must have ended, or be about to.
    private func collect() {
        let taken = end.withLock { end -> End? in
            guard end == nil else { return nil }
            var status: Int32 = 0
            while waitpid(processID, &status, 0) < 0, errno == EINTR {}
            let taken = status & 0x7f == 0 ? End.status(status >> 8 & 0xff) : .signal(status & 0x7f)
            end = taken
            return taken
        }
        guard let taken else { return }
        ended(processID, taken)
        group.leave()
    }

    var isRunning: Bool { end.withLock { $0 == nil } }

    /// Ends it at once, if it still runs.
    func kill() {
        end.withLock { end in
            if end == nil { _ = Glibc.kill(processID, SIGKILL) }
        }
    }

    /// Waits for its end; after so many seconds it is ended.
    @discardableResult func waitForEnd(patience: Double) -> End {
        if group.wait(timeout: .now() + patience) == .timedOut {
            kill()
            // Where memory is short the thread may never have begun.
            if group.wait(timeout: .now() + Self.mostDelay) == .timedOut { collect() }
        }
        return end.withLock { $0 } ?? .status(0)
    }
}
