import Foundation

/// The program `counting` as a child process. One that still runs is told to end when the object goes.
final class CountingProcess {
    /// The product that was built beside the test bundle.
    static let executable =
        URL(fileURLWithPath: CommandLine.arguments[0]).deletingLastPathComponent().path + "/counting"

    private let process = Process()
    private let input = Pipe()
    private let output = Pipe()

    /// Starts it.
    init(_ arguments: [String]) throws {
        process.executableURL = URL(fileURLWithPath: Self.executable)
        process.arguments = arguments
        process.standardInput = input
        process.standardOutput = output
        try process.run()
    }

    deinit {
        try? input.fileHandleForWriting.close()
        process.waitUntilExit()
    }

    /// Waits for its end; returns its status and what it printed.
    func end() throws -> (status: Int32, output: String) {
        let text = try output.fileHandleForReading.readToEnd() ?? Data()
        process.waitUntilExit()
        return (process.terminationStatus, String(decoding: text, as: UTF8.self))
    }
}
