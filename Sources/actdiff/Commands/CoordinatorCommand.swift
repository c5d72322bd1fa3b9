import ArgumentParser
import Cluster
import Evaluation
import Foundation
import Inputs
import Monitoring
import Wire

/// `actdiff coordinator`: the daemon that plans jobs, leases shards and folds results.
struct CoordinatorCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "coordinator",
        abstract: "Runs a coordinator until SIGTERM or SIGINT.",
        discussion: """
            Everything it knows is in the state folder; killed at any moment, it goes on from there. Off loopback it \
            listens only with keys (actdiff keygen), and lets in only those that it allows.

            EXAMPLES
              actdiff coordinator --state /var/lib/actdiff
              actdiff coordinator --state /var/lib/actdiff --listen 'tcp://*:5611' \\
                --key keys/coordinator.secret --allowed keys/allowed.keys \\
                --model-root /srv/models
            """)

    @Option(help: "Configuration file (see configs/coordinator.yaml); options override it.", completion: .file())
    var config: String?
    @Option(help: "Folder for jobs and results.", completion: .directory)
    var state: String?
    @Option(
        name: .customLong("listen"),
        help: ArgumentHelp(
            "Control endpoint, for workers and operators. Default: \(CoordinatorConfig.defaultEndpoints.control).",
            valueName: "endpoint"))
    var control: String?
    @Option(
        help: ArgumentHelp(
            "Data endpoint, for results. Default: the control endpoint's address with the next port.",
            valueName: "endpoint"))
    var data: String?
    @Option(help: "Address of the status pages, such as 127.0.0.1:5613, or off.")
    var http: String?
    @Option(
        help:
            "File of the coordinator's secret key. Default: ACTDIFF_SECRET_KEY, or systemd's credential actdiff.secret.",
        completion: .file())
    var key: String?
    @Option(
        help: """
            File with the public keys of those who may come in; changes count at once. Default: systemd's credential \
            allowed.keys.
            """, completion: .file())
    var allowed: String?
    @Option(
        name: .customLong("model-root"),
        help: "A folder below which everything must be that a job names; can be repeated. Default: anywhere.",
        completion: .directory)
    var modelRoots: [String] = []
    @Option(help: "How long a lease lives without renewal.")
    var leaseSeconds: Double?
    @Flag(help: "Compute open jobs again that another build of actdiff began, and throw its results away.")
    var dropForeignResults = false

    @Option(help: "How long jobs are kept after their end, such as 90d, or forever. Default: forever.")
    var keep: String?

    @Option(help: "Signal that also means drain: USR1, USR2 or HUP.")
    var drainSignal: DrainSignal?

    func run() throws {
        let logger = Start.logger("actdiff.coordinator", level: .info)
        DescriptorLimit.raise()
        let settings = try settings()
        let roots = try settings.modelRoots.isEmpty ? nil : ModelRoots(settings.modelRoots, of: "coordinator")
        let service = try CoordinatorService(
            settings,
            parts: .init(
                kinds: Start.kinds(roots: roots),
                runner: ChildRunner(memory: Self.workshopMemory(), modelRoots: settings.modelRoots),
                build: Version.build(), logger: logger))
        let signals = EndSignals([SIGTERM, SIGINT, settings.drainSignal.number]) { service.drain() }
        Terminal.say("listening: control \(service.endpoints.control), data \(service.endpoints.data)")
        if let http = service.http { Terminal.say("status pages: http://\(http)") }
        let failure = withExtendedLifetime(signals) { service.waitForEnd() }
        service.stop()
        if let failure { throw failure }
    }

    /// Memory of each process that plans or folds a job: a quarter of what the machine allows, as some may be at work at once.
    private static func workshopMemory() -> Int { max(1 << 30, MachineMemory().share(among: 4)) }

    private func settings() throws -> CoordinatorConfig {
        var settings: CoordinatorConfig
        if let config {
            settings = try InputError.configuration { try CoordinatorConfig(Document(yamlFile: config)) }
            if let state { settings.state = state }
        } else if let state {
            settings = CoordinatorConfig(state: state)
            settings.http = .standard
        } else {
            throw InputError("coordinator", expected: "--state FOLDER or --config FILE", found: "neither", kind: .usage)
        }
        if let control { settings.endpoints = Endpoints(control: control) }
        if let data { settings.endpoints.data = data }
        if let http {
            settings.http = try CoordinatorConfig.http(http) {
                InputError("--http", expected: $0, found: http, kind: .usage)
            }
        }
        if let keep {
            settings.keep = try CoordinatorConfig.keep(keep) {
                InputError("--keep", expected: $0, found: keep, kind: .usage)
            }
        }
        if let drainSignal { settings.drainSignal = drainSignal }
        settings.dropsForeignResults = dropForeignResults
        if let leaseSeconds { settings.leaseSeconds = leaseSeconds }
        guard (1...86_400).contains(settings.leaseSeconds) else {
            throw InputError(
                "--lease-seconds", expected: "1 to 86400", found: "\(settings.leaseSeconds)", kind: .usage)
        }
        if let key { settings.keyFile = key }
        if let allowed { settings.allowedFile = allowed }
        settings.keys = try KeySources().server(key: settings.keyFile, allowed: settings.allowedFile)
        if !modelRoots.isEmpty { settings.modelRoots = modelRoots }
        settings.state = Start.absolute(settings.state)
        return settings
    }
}
