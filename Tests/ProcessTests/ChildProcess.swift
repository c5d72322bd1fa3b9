import Foundation
import Synchronization

/// The real program as a child process: its standard output goes to a file, its standard error is read line by line.
///
/// Nothing here waits longer than `patience`; a child that is still alive when the object goes is killed.
final class ChildProcess {
    /// How it ended, and everything it wrote.
    struct Ending {
        var status: Int32
        var bySignal: Bool
        var output: String
        var errors: String
    }

    struct TooLong: Error, CustomStringConvertible {
        var description: String
    }

    /// Seconds after which a test fails rather than hangs.
    static let patience = 240.0
    /// The product that was built beside the test bundle.
    static let executable = URL(fileURLWithPath: CommandLine.arguments[0]).deletingLastPathComponent().path + "/actdiff"

    private let process = Process()
    private let arguments: [String]
    private let lines: Lines
    private let output: String
    private let ended = DispatchSemaphore(value: 0)
    private var hasEnded = false

    /// Starts `actdiff` with these arguments; `outputs` is a folder for what it prints. Without a reader the pipe behind
    /// its standard error is broken from the start.
    init(
        _ arguments: [String], outputs: String, folder: String, environment: [String: String] = [:],
        hasReader: Bool = true
    ) throws {
        self.arguments = arguments
        output = outputs + "/\(UUID().uuidString).txt"
        var ends: [Int32] = [0, 0]
        guard pipe(&ends) == 0, FileManager.default.createFile(atPath: output, contents: nil) else {
            throw TooLong(description: "no pipe or file for the child: \(String(cString: strerror(errno)))")
        }
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        lines = Lines(descriptor: hasReader ? ends[0] : open("/dev/null", O_RDONLY | O_CLOEXEC))
        if !hasReader { close(ends[0]) }
        let errors = FileHandle(fileDescriptor: ends[1], closeOnDealloc: true)
        process.executableURL = URL(fileURLWithPath: Self.executable)
        process.arguments = arguments
        process.currentDirectoryURL = URL(fileURLWithPath: folder)
        process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = FileHandle(forWritingAtPath: output)
        process.standardError = errors
        process.terminationHandler = { [ended] _ in ended.signal() }
        try process.run()
        try errors.close()
    }

    deinit {
        guard !hasEnded, process.isRunning else { return }
        kill(processID, SIGKILL)
        ended.wait()
    }

    var processID: Int32 { process.processIdentifier }

    var isRunning: Bool { process.isRunning }

    /// Sends a signal.
    func signal(_ number: Int32) { kill(processID, number) }

    /// The next line of standard error that has all of these words, the lines before it passed over.
    func line(with words: String..., patience: Double = ChildProcess.patience) throws -> String {
        let deadline = DispatchTime.now() + patience
        while let line = try lines.next(deadline) {
            if words.allSatisfy({ line.contains($0) }) { return line }
        }
        throw TooLong(description: "no line with \(words) from \(arguments); its last lines:\n\(lines.tail)")
    }

    /// Waits until the process has ended, and with it everything that has its standard error, such as its own children.
    func end(patience: Double = ChildProcess.patience) throws -> Ending {
        let deadline = DispatchTime.now() + patience
        if !hasEnded {
            guard ended.wait(timeout: deadline) == .success else {
                throw TooLong(description: "\(arguments) does not end; its last lines:\n\(lines.tail)")
            }
            hasEnded = true
        }
        while try lines.next(deadline) != nil {}
        return Ending(
            status: process.terminationStatus, bySignal: process.terminationReason == .uncaughtSignal,
            output: try String(contentsOfFile: output, encoding: .utf8), errors: lines.text)
    }
}

/// Lines as they come from a pipe, for one reader.
private final class Lines: Sendable {
    private struct State {
        var complete: [String] = []
        var rest: [UInt8] = []
        var isOver = false
        var read = 0
    }

    private let state = Mutex(State())
    private let news = DispatchSemaphore(value: 0)

    init(descriptor: Int32) {
        let thread = Thread { [self] in
            var buffer = [UInt8](repeating: 0, count: 1 << 16)
            while true {
                let count = read(descriptor, &buffer, buffer.count)
                if count < 0, errno == EINTR { continue }
                take(buffer[..<max(0, count)])
                guard count > 0 else { break }
            }
            close(descriptor)
        }
        thread.start()
    }

    private func take(_ bytes: ArraySlice<UInt8>) {
        state.withLock { state in
            state.rest += bytes
            while let end = state.rest.firstIndex(of: UInt8(ascii: "\n")) {
                state.complete.append(String(decoding: state.rest[..<end], as: UTF8.self))
                state.rest.removeSubrange(...end)
            }
            state.isOver = bytes.isEmpty
        }
        news.signal()
    }

    /// The next line; nil when the pipe is closed at the other end. Throws at the deadline.
    func next(_ deadline: DispatchTime) throws -> String? {
        while true {
            let (line, isOver) = state.withLock { state -> (String?, Bool) in
                guard state.read < state.complete.count else { return (nil, state.isOver) }
                state.read += 1
                return (state.complete[state.read - 1], false)
            }
            if line != nil || isOver { return line }
            guard news.wait(timeout: deadline) == .success else {
                throw ChildProcess.TooLong(description: "nothing more comes after:\n\(tail)")
            }
        }
    }

    /// The last lines so far.
    var tail: String { state.withLock { $0.complete.suffix(20).joined(separator: "\n") } }

    /// Everything so far.
    var text: String { state.withLock { $0.complete.joined(separator: "\n") } }
}
