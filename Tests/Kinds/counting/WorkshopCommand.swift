import ArgumentParser
import Cluster
import Work

/// What `ChildRunner` starts.
struct WorkshopCommand: ParsableCommand {
    static let configuration = CommandConfiguration(commandName: "workshop")

    @Option var memory: Int
    @Option(name: .customLong("model-root")) var modelRoots: [String] = []

    func run() throws {
        try WorkshopChild.serve(Counting.kinds, memory: memory)
    }
}
