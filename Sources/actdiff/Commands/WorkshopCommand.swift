import ArgumentParser
import Cluster
import Inputs

/// `actdiff workshop`: plans or folds one job for the coordinator that started it.
struct WorkshopCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "workshop", abstract: "Plans or folds one job for a coordinator, which starts it.",
        shouldDisplay: false)

    @Option(help: "Bytes of memory that it may take.")
    var memory: Int
    @Option(name: .customLong("model-root"), help: "A folder below which everything must be that a job names.")
    var modelRoots: [String] = []

    func run() throws {
        let roots = try modelRoots.isEmpty ? nil : ModelRoots(modelRoots, of: "coordinator")
        try WorkshopChild.serve(Start.kinds(roots: roots), memory: memory)
    }
}
