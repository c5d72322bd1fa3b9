import ArgumentParser
import Cluster
import Foundation
import Inputs
import Prompts
import Wire
import Work

/// A worker, with the options that `LocalCluster` gives one.
struct WorkerCommand: ParsableCommand {
    static let configuration = CommandConfiguration(commandName: "worker")

    @Option var connect: String
    @Option var data: String
    @Option var threads = 1
    @Option var memory = "1GiB"
    @Option(name: .customLong("model-root")) var modelRoots: [String] = []
    @Flag var showMemoryPlan = false
    @Flag var untilStdinCloses = false
    @Option var lying: Lying?

    func run() throws {
        let place = WorkerPlace(
            roots: try ModelRoots(modelRoots), digests: Counting.digests, threads: threads,
            memory: try MemorySize.named(memory))
        let service = try WorkerService(
            connect: Endpoints(control: connect, data: data),
            parts: .init(
                kinds: lying.map { WorkKinds([$0.kind]) } ?? Counting.kinds, place: place, build: Counting.build,
                numberSystem: "integers", logger: Counting.quiet))
        if untilStdinCloses {
            ParentWatch.whenStandardInputCloses {
                service.drain()
                service.drain()
            }
        }
        _ = try service.waitForEnd()
    }
}

extension MemorySize {
    fileprivate static func named(_ text: String) throws -> Int {
        guard let size = MemorySize(text) else {
            throw InputError("--memory", expected: "a size such as 4GiB", found: text, kind: .usage)
        }
        return size.bytes
    }
}
