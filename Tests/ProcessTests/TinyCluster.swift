import Foundation

/// A coordinator with workers over TCP on this machine, all of them processes of the real program.
final class TinyCluster {
    struct Unreadable: Error, CustomStringConvertible {
        var description: String
    }

    let place: Workplace
    private(set) var coordinator: ChildProcess
    let control: String
    let data: String
    private(set) var workers: [ChildProcess] = []

    /// Starts a coordinator on free ports.
    init(in place: Workplace, leaseSeconds: Int = 60, coordinatorOptions: [String] = []) throws {
        self.place = place
        let any = "tcp://127.0.0.1:*"
        coordinator = try place.start(
            Self.command(control: any, data: any, leaseSeconds: leaseSeconds) + coordinatorOptions, log: "debug")
        let line = try coordinator.line(with: "listening: control ")
        let words = line.replacing(",", with: "").split(separator: " ").map(String.init)
        guard words.count == 5, words[3] == "data" else { throw Unreadable(description: line) }
        (control, data) = (words[2], words[4])
    }

    private static func command(control: String, data: String, leaseSeconds: Int) -> [String] {
        ["coordinator", "--state", "state", "--listen", control, "--data", data, "--http", "off"]
            + ["--lease-seconds", "\(leaseSeconds)"]
    }

    /// Starts a coordinator on the same state folder and ports, where one was killed.
    func restartCoordinator(leaseSeconds: Int) throws {
        coordinator = try place.start(
            Self.command(control: control, data: data, leaseSeconds: leaseSeconds), log: "debug")
        _ = try coordinator.line(with: "listening: control ")
    }

    /// Starts a worker.
    @discardableResult func startWorker(root: String = Workplace.fixtures) throws -> ChildProcess {
        let worker = try place.start(
            ["worker", "--connect", control, "--data", data, "--model-root", root, "--threads", "1"], log: "debug")
        workers.append(worker)
        return worker
    }

    /// Runs an operator's command to its end.
    func actdiff(_ arguments: String...) throws -> ChildProcess.Ending {
        try place.start(arguments + ["--connect", control]).end()
    }

    /// Starts an operator's command.
    func start(_ arguments: String...) throws -> ChildProcess {
        try place.start(arguments + ["--connect", control])
    }

    /// Waits until the coordinator has stored this many more results of a worker, or of any.
    func waitForResults(_ count: Int, of worker: ChildProcess? = nil) throws {
        let name = worker.map { ":\($0.processID) [" } ?? "worker="
        for _ in 0..<count { _ = try coordinator.line(with: "[Cluster] result", name) }
    }

    /// Shards that are done, as the coordinator itself says.
    func shardsDone(of job: String) throws -> Int {
        let shown = try actdiff("show", job).output
        let words = shown.split(separator: "\n").first { $0.hasPrefix("shards") }?.split(separator: " ") ?? []
        guard words.count == 4, let done = Int(words[1]) else { throw Unreadable(description: shown) }
        return done
    }
}
