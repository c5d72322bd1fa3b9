import Foundation
import Inputs

/// A child process that says what it has to say in lines on its standard output. Killed when it is dropped.
final class LineProcess {
    private let process = Process()
    private let output = Pipe()
    private var rest: [UInt8] = []

    /// Starts it. Throws `InputError`.
    init(_ executable: String, _ arguments: [String]) throws {
        process.executableURL = URL(fileURLWithPath: executable)
        process.arguments = arguments
        process.standardOutput = output
        do {
            try process.run()
        } catch {
            throw InputError(
                executable, expected: "a program that can be started", found: error.localizedDescription,
                kind: .temporary)
        }
    }

    deinit {
        if process.isRunning { kill(process.processIdentifier, SIGKILL) }
    }

    /// The next line; nil at the end. Blocks.
    func line() throws -> String? {
        while true {
            if let end = rest.firstIndex(of: UInt8(ascii: "\n")) {
                defer { rest.removeSubrange(...end) }
                return String(decoding: rest[..<end], as: UTF8.self)
            }
            let bytes = output.fileHandleForReading.availableData
            if bytes.isEmpty { return nil }
            rest += bytes
        }
    }

    /// Why there is no line any more.
    func failure() -> InputError {
        process.waitUntilExit()
        return InputError(
            "the workers' process", expected: "to measure", found: "its end with status \(process.terminationStatus)",
            kind: .temporary)
    }
}
