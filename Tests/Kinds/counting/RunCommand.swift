import ArgumentParser
import Cluster
import Foundation
import Inputs
import Work

/// A coordinator in this process, and workers as its children.
struct RunCommand: ParsableCommand {
    static let configuration = CommandConfiguration(commandName: "run")

    @Argument var job: String
    @Option var out: String
    @Option var workers = 1

    func run() throws {
        let source = JobSource(
            specText: String(decoding: try Document.contents(of: job), as: UTF8.self), specFile: job,
            folder: (job as NSString).deletingLastPathComponent)
        let kind = try Counting.kinds.kind(of: source)
        let outline = try kind.outline(of: source)
        let order = LocalCluster.Order(
            source: source, label: JobLabel(kind: kind.name, name: outline.name), output: out, workers: workers,
            threadsPerWorker: 1,
            memoryPerWorker: MemorySize(bytes: 1 << 30),
            modelRoots: outline.inputs.filter(\.isForWorkers).map(\.path))
        let cluster = try LocalCluster(
            order,
            parts: .init(
                kinds: Counting.kinds, runner: ChildRunner(memory: 1 << 30), build: Counting.build,
                logger: Counting.quiet))
        let summary = try cluster.run { _ in }.summary
        print("\(summary.state.rawValue): \(summary.shardsDone) of \(summary.shardsTotal) shards")
    }
}
