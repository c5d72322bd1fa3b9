import ArgumentParser
import Cluster
import Compute
import Evaluation
import Foundation
import Inputs
import Logging
import Wire
import Work

/// `actdiff worker`: the daemon that computes shards.
struct WorkerCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "worker",
        abstract: "Runs a worker until it is told to drain.",
        discussion: """
            SIGTERM, SIGINT or the drain signal make it finish its shard, hand in what it has and exit with status 0; a \
            second signal makes it leave at once. It opens models only below its model roots, and takes no shard that it \
            could not finish before its time is over.

            EXAMPLE
              actdiff worker --model-root /models --threads 16
            """)

    @Option(help: "Configuration file (see configs/worker.yaml); options override it.", completion: .file())
    var config: String?
    @Option(
        help: ArgumentHelp(
            "The coordinator's control endpoint. Default: \(CoordinatorConfig.defaultEndpoints.control).",
            valueName: "endpoint"))
    var connect: String?
    @Option(
        help: ArgumentHelp(
            "The coordinator's data endpoint. Default: the control endpoint's address with the next port.",
            valueName: "endpoint"))
    var data: String?
    @OptionGroup var keys: ClientKeyOptions
    @Option(name: .customLong("model-root"), help: "A folder below which models may be opened; can be repeated.")
    var modelRoots: [String] = []
    @Option(
        help: """
            Threads to compute with. Default: one for each processor of the affinity mask; these are bound to processors.
            """)
    var threads: Int?
    @Option(help: MemorySize.help("Memory to compute in"))
    var memory: MemorySize?
    @Option(help: "How long it may live, such as 55m or 4h. Default: until the end of the Slurm job, if it is in one.")
    var lifetime: Lifetime?
    @Option(help: "Signal that also means drain: USR1, USR2 or HUP.")
    var drainSignal: DrainSignal?
    @Flag(help: ArgumentHelp("Say how memory is used, however little else is said.", visibility: .hidden))
    var showMemoryPlan = false
    @Flag(help: "End when standard input is closed.")
    var untilStdinCloses = false

    func run() throws {
        let settings = try settings()
        let logger = Start.logger("actdiff.worker", level: untilStdinCloses ? .notice : .info)
        let planLevel: Logger.Level = showMemoryPlan ? .notice : .info
        let place = WorkerPlace(
            roots: try ModelRoots(settings.modelRoots), digests: Start.digests(), threads: settings.threads,
            memory: settings.memory?.bytes ?? MachineMemory().share(),
            memoryPlanned: { logger.log(level: planLevel, "\($0)") })
        let service = try WorkerService(
            connect: settings.coordinator, keys: settings.keys,
            parts: .init(
                kinds: Start.kinds(), place: place, build: Version.build(),
                numberSystem: ProcessorKernels.numberSystem, lifetimeSeconds: settings.lifetime?.seconds,
                logger: logger))
        let signals = EndSignals(settings) { service.drain() }
        if untilStdinCloses {
            ParentWatch.whenStandardInputCloses {
                // The parent is gone, and with it the coordinator: there is nobody to hand results to.
                service.drain()
                service.drain()
            }
        }
        _ = try withExtendedLifetime(signals) { try service.waitForEnd() }
        // A worker that was told twice leaves in the middle of a shard: ending the process in order would take the
        // libraries' data away from under the thread that still computes.
        _exit(EXIT_SUCCESS)
    }

    private func settings() throws -> WorkerConfig {
        var settings: WorkerConfig
        if let config {
            settings = try InputError.configuration { try WorkerConfig(Document(yamlFile: config)) }
            if !modelRoots.isEmpty { settings.modelRoots = modelRoots }
        } else if !modelRoots.isEmpty {
            settings = WorkerConfig(modelRoots: modelRoots)
        } else {
            throw InputError(
                "worker", expected: "--model-root FOLDER or --config FILE", found: "neither",
                hint: "a worker opens models only below the folders it is told", kind: .usage)
        }
        if let connect { settings.coordinator = Endpoints(control: connect) }
        if let key = keys.key { settings.keyFile = key }
        if let key = keys.serverKey { settings.serverKey = key }
        settings.keys = try KeySources().client(key: settings.keyFile, serverKey: settings.serverKey)
        if let data { settings.coordinator.data = data }
        if let threads { settings.threads = threads }
        guard (1...1024).contains(settings.threads) else {
            throw InputError("--threads", expected: "1 to 1024", found: "\(settings.threads)", kind: .usage)
        }
        if let memory { settings.memory = memory }
        if let lifetime { settings.lifetime = lifetime }
        if settings.lifetime == nil {
            settings.lifetime = try Lifetime(slurm: ProcessInfo.processInfo.environment)
        }
        if let drainSignal { settings.drainSignal = drainSignal }
        return settings
    }
}

extension DrainSignal: ExpressibleByArgument {}

extension Lifetime: ExpressibleByArgument {
    public init?(argument: String) {
        self.init(argument)
    }
}
