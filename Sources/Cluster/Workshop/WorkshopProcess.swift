import Foundation
import Inputs
import Synchronization
import Wire
import Work

/// A process of the same program that plans or folds one job, within limits: what a user submits is read there, and what it
/// does to that process it does to no other.
final class WorkshopProcess: Sendable {
    /// What is started.
    struct Program: Sendable, Hashable {
        var executable: String
        var modelRoots: [String] = []
    }

    /// What a process may take.
    struct Limits: Sendable, Hashable {
        /// Bytes of memory of its own, files that it maps not counted.
        var memory: Int
        /// Seconds that it may stand still.
        var patience = 120.0
    }

    private struct State {
        var progress: UInt64 = 0
        var peakBytes = 0
    }

    /// What it has said on standard error.
    private final class Words: Sendable {
        /// The beginning of it: what follows is where, in numbers.
        private static let most = 4096
        private let bytes = Mutex<[UInt8]>([])

        func take(_ more: [UInt8]) {
            bytes.withLock { bytes in bytes += more.prefix(Self.most - bytes.count) }
        }

        /// The line that gives the reason of a crash, or else the last one.
        var line: String {
            let lines = bytes.withLock { String(decoding: $0, as: UTF8.self) }.split(separator: "\n")
            return String(lines.first { $0.contains("atal error") } ?? lines.last ?? "")
        }
    }

    private let process: SpawnedProcess
    private let socket: FrameSocket
    private let own: FileHandle
    private let words: Words
    private let limits: Limits
    private let stop: StopSignal
    private let state = Mutex(State())
    /// What it is about, for errors.
    private let place: String

    /// Starts it. `stop` kills it. Throws `InputError` of kind `temporary` where it cannot be started.
    init(_ program: Program, place: String, limits: Limits, until stop: StopSignal) throws {
        self.limits = limits
        self.stop = stop
        self.place = place
        var ends: [Int32] = [-1, -1]
        guard socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0, &ends) == 0 else {
            throw Self.cannotStart(program.executable, String(cString: strerror(errno)))
        }
        own = FileHandle(fileDescriptor: ends[0], closeOnDealloc: true)
        let other = FileHandle(fileDescriptor: ends[1], closeOnDealloc: true)
        socket = FrameSocket(descriptor: ends[0])
        let words = Words()
        self.words = words
        // Keys are not for whoever reads a user's files. A crash is told by its signal; a backtrace would take longer than the
        // work.
        let environment = ProcessInfo.processInfo.environment.filter { !KeySources.variables.contains($0.key) }
            .merging(["SWIFT_BACKTRACE": "enable=no"]) { $1 }
        do {
            process = try SpawnedProcess(
                program.executable,
                ["workshop", "--memory", "\(limits.memory)"] + program.modelRoots.flatMap { ["--model-root", $0] },
                environment: environment, input: ends[1],
                .init(said: { words.take($0) }))
        } catch {
            throw Self.cannotStart(program.executable, "\(error)")
        }
        try? other.close()
        stop.whenStopped { [process] in process.kill() }
    }

    deinit { process.kill() }

    /// Whether there is somebody to ask.
    var isRunning: Bool { process.isRunning && !stop.isStopped }

    /// Asks for something that is not answered.
    func tell(_ request: WorkshopRequest) throws {
        try guarded { try socket.send(request.frame(), $0) }
    }

    /// Asks, and waits for the answer. Throws the process's own `InputError`, one that says how it ended, or
    /// `StopSignal.Stopped`.
    func ask(_ request: WorkshopRequest) throws -> WorkshopReply {
        try tell(request)
        return try next()
    }

    /// The next part of an answer.
    func next() throws -> WorkshopReply {
        try guarded { check in
            while let frame = try socket.receive(check) {
                switch try WorkshopReply(frame) {
                case .alive(let progress, let peakBytes):
                    state.withLock { ($0.progress, $0.peakBytes) = (progress, peakBytes) }
                case .failed(let error): throw error
                case let reply: return reply
                }
            }
            throw FrameSocket.Closed()
        }
    }

    /// Runs one exchange. `body` gets what is to be called again and again while it waits.
    private func guarded<Value>(_ body: (_ check: () throws -> Void) throws -> Value) throws -> Value {
        var seen = state.withLock(\.progress)
        var since = ContinuousClock.now
        do {
            return try body {
                try stop.check()
                let progress = state.withLock(\.progress)
                if progress != seen { (seen, since) = (progress, .now) }
                guard since.duration(to: .now) < .seconds(limits.patience) else { throw StoodStill() }
            }
        } catch is FrameSocket.Closed {
            throw gone()
        } catch is StoodStill {
            throw error(found: "no step in \(Int(limits.patience)) seconds")
        } catch let error as ByteError {
            throw error.inputError(place)
        }
    }

    private struct StoodStill: Error {}

    /// Why there is nobody at the other end.
    private func gone() -> any Error {
        if stop.isStopped { return StopSignal.Stopped() }
        let how = process.waitForEnd(patience: 5)
        let peak = state.withLock(\.peakBytes)
        if how == .signal(SIGKILL), peak < limits.memory / 2 {
            // The kernel takes these processes first when the machine's memory runs out, whoever has it.
            return InputError(
                place, expected: "a process that plans or folds the job undisturbed",
                found:
                    "an end by \(how), with \(peak >> 20) MiB in use of the \(limits.memory >> 20) MiB that it may take",
                hint:
                    "something else ended it, perhaps for want of memory on this machine: actdiff retry takes the job up again"
            )
        }
        let line = words.line
        let memory = "\(peak >> 20) MiB in use a moment before, of \(limits.memory >> 20) MiB"
        return error(found: "an end by \(how) (\(memory))" + (line.isEmpty ? "" : ": \(line.prefix(200))"))
    }

    private func error(found: String) -> InputError {
        InputError(
            place, expected: "to be read and computed within the limits of a coordinator", found: found,
            hint:
                "one of the job's files asks for too much, or is made to do harm; if the job is an honest one, run the coordinator where there is more memory"
        )
    }

    private static func cannotStart(_ executable: String, _ why: String) -> InputError {
        InputError(executable, expected: "a program that can be started", found: why, kind: .temporary)
    }
}
