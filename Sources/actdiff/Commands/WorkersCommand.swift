import ArgumentParser
import Wire

/// `actdiff workers`: all workers of a coordinator.
struct WorkersCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "workers", abstract: "Lists a coordinator's workers with their state and what they compute.")

    @OptionGroup var control: ControlOption

    func run() throws {
        for worker in try control.client().workers() { try Terminal.print(worker.line) }
    }
}

extension WorkerSummary {
    /// The worker in a line.
    var line: String {
        let work = running.map { "\($0.job) shard \($0.shard)" } ?? "idle"
        return "\(name)  \(state.rawValue)  \(numberSystem)  \(leases) leases  \(work)"
    }
}
