import ArgumentParser
import Cluster
import Foundation
import Inputs
import Monitoring

/// `actdiff coordinator`: the daemon that plans jobs, leases shards and folds results.
struct CoordinatorCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "coordinator",
        abstract: "Runs a coordinator until SIGTERM or SIGINT.",
        discussion: """
            Everything it knows is in the state folder; killed at any moment, it goes on from there. It listens on \
            loopback only: reach it from other machines through an SSH tunnel until keys are supported.

            EXAMPLE
              actdiff coordinator --state /var/lib/actdiff
            """)

    @Option(help: "Configuration file (see configs/coordinator.yaml); options override it.", completion: .file())
    var config: String?
    @Option(help: "Folder for jobs and results.", completion: .directory)
    var state: String?
    @Option(name: .customLong("listen"), help: "Control endpoint.")
    var control: String?
    @Option(help: "Data endpoint.")
    var data: String?
    @Option(help: "Address of the status pages, such as 127.0.0.1:5613, or off.")
    var http: String?
    @Option(help: "How long a lease lives without renewal.")
    var leaseSeconds: Double?

    @Option(help: "Signal that also means drain: USR1, USR2 or HUP.")
    var drainSignal: DrainSignal?

    func run() throws {
        let logger = Start.logger("actdiff.coordinator", level: .info)
        let settings = try settings()
        let service = try CoordinatorService(
            settings, parts: .init(planner: try Start.planner(), build: Version.build(), logger: logger))
        let signals = EndSignals([SIGTERM, SIGINT, settings.drainSignal.number]) { service.drain() }
        Terminal.say("listening: control \(service.endpoints.control), data \(service.endpoints.data)")
        if let http = service.http { Terminal.say("status pages: http://\(http)") }
        let failure = withExtendedLifetime(signals) { service.waitForEnd() }
        service.stop()
        if let failure { throw failure }
    }

    private func settings() throws -> CoordinatorConfig {
        var settings: CoordinatorConfig
        if let config {
            settings = try CoordinatorConfig(Document(yamlFile: config))
            if let state { settings.state = state }
        } else if let state {
            settings = CoordinatorConfig(state: state)
            settings.http = .standard
        } else {
            throw InputError("coordinator", expected: "--state FOLDER or --config FILE", found: "neither", kind: .usage)
        }
        if let control { settings.endpoints.control = control }
        if let data { settings.endpoints.data = data }
        if let http {
            settings.http = try CoordinatorConfig.http(http) {
                InputError("--http", expected: $0, found: http, kind: .usage)
            }
        }
        if let drainSignal { settings.drainSignal = drainSignal }
        if let leaseSeconds { settings.leaseSeconds = leaseSeconds }
        guard (1...86_400).contains(settings.leaseSeconds) else {
            throw InputError(
                "--lease-seconds", expected: "1 to 86400", found: "\(settings.leaseSeconds)", kind: .usage)
        }
        settings.state = Start.absolute(settings.state)
        return settings
    }
}
