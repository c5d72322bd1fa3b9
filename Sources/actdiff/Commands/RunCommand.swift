import ArgumentParser
import Cluster
import Compute
import Evaluation
import Foundation
import Inputs
import Latents
import Work

/// `actdiff run`: everything on this machine, on the cluster's own code path.
struct RunCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "run",
        abstract: "Runs a job on this machine: embedded coordinator and store, local worker processes.",
        discussion: """
            The result bundle appears in the output folder, whole or not at all. An interrupted run goes on where it \
            was when the same command is given again.

            EXAMPLE
              actdiff run job.yaml --out results/villain --workers 2
            """)

    @Argument(help: "The job file (YAML).", completion: .file())
    var job: String
    @Option(help: "Folder for the result bundle; must not exist. Default: results/<name of the job>.")
    var out: String?
    @Option(help: "Worker processes.")
    var workers = 1
    @Option(
        help: """
            Threads of each worker. Default: the processors of the affinity mask, divided among the workers; each thread \
            is bound to one then.
            """)
    var threads: Int?
    @Option(help: MemorySize.help("Memory of each worker", "divided among the workers"))
    var memory: MemorySize?
    @OptionGroup var ranking: RankingOptions

    func validate() throws {
        guard (1...256).contains(workers) else { throw ValidationError("--workers is 1 to 256") }
        guard threads.map({ (1...1024).contains($0) }) ?? true else { throw ValidationError("--threads is 1 to 1024") }
    }

    func run() throws {
        let source = try Start.source(of: job)
        let kinds = Start.kinds()
        let kind = try kinds.kind(of: source)
        let outline = try kind.outline(of: source)
        let output = Start.absolute(out ?? "results/\(outline.name)")
        try outline.refuseMissingInputs(jobFile: job)
        try ranking.check(against: source, kind: kind.name)
        let cores = ProcessorSet.availableCount
        var order = LocalCluster.Order(
            source: source, label: JobLabel(kind: kind.name, name: outline.name), output: output, workers: workers,
            threadsPerWorker: threads ?? max(1, cores / workers),
            memoryPerWorker: memory ?? MemorySize(bytes: MachineMemory().share(among: workers)),
            modelRoots: ModelRoots.covering(outline.inputs.filter(\.isForWorkers).map(\.path)).sorted())
        // Lines of workers must not land in the middle of the line that is redrawn.
        if Terminal.isInteractive { order.relay = { Terminal.say($0) } }
        let cluster = try LocalCluster(
            order,
            parts: .init(
                kinds: kinds, runner: ChildRunner(memory: MachineMemory().share()), build: Version.build(),
                logger: Start.logger("actdiff.run")))
        let signals = EndSignals([SIGTERM, SIGINT], action: cluster.interrupt)
        var progress = ProgressLine()
        defer { progress.end() }
        let end = try withExtendedLifetime(signals) { try cluster.run { progress.show($0) } }
        progress.end()
        let lack = try ranking.print(output)
        Terminal.say("result bundle: \(out ?? "results/\(outline.name)")")
        try end.refuseToBePartial(bundleLacks: lack, hint: "mend what is wrong, and run it again with another --out")
    }
}
