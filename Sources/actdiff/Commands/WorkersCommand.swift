import ArgumentParser
import Inputs
import Wire

/// `actdiff workers`: all workers of a coordinator.
struct WorkersCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "workers", abstract: "Lists a coordinator's workers with their state and what they compute.")

    @OptionGroup var control: ControlOption

    func run() throws {
        let workers = try control.client().workers()
        if workers.isEmpty { Terminal.say("no workers") }
        for worker in workers { try worker.print { _ in true } }
    }
}

extension WorkerSummary {
    /// Prints the worker in a line, and a line for each job that it cannot do, as far as these are wanted.
    func print(prefix: String = "", where isWanted: (JobID) -> Bool) throws {
        let (name, numberSystem) = (Printable.line(name), Printable.line(numberSystem))
        let work = running.map { "\($0.job) shard \($0.shard)" } ?? "idle"
        try Terminal.print("\(prefix)\(name)  \(state.rawValue)  \(numberSystem)  \(leases) leases  \(work)")
        for unfit in unfit where isWanted(unfit.job) {
            try Terminal.print("\(prefix)\(name)  cannot do \(unfit.job): \(unfit.error)")
        }
    }
}
