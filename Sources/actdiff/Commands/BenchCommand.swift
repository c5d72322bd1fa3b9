import ArgumentParser
import Benchmarking
import Cluster
import Foundation
import Inputs
import Wire

/// `actdiff bench`: measures this machine.
struct BenchCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "bench", abstract: "Measures parts of actdiff on this machine.",
        subcommands: [Coordinator.self, Transport.self, Compute.self, Encode.self, Workers.self])

    /// What both processes are told.
    struct Load: ParsableArguments {
        @Option(help: "Simulated workers.")
        var workers = 2000
        @Option(help: "How long is measured.")
        var seconds = 60.0
        @Option(help: "How long a worker takes for a shard, on average; 0 for the most that goes through.")
        var shardSeconds = 2.0

        func validate() throws {
            guard (1...50_000).contains(workers) else { throw ValidationError("--workers is from 1 to 50000") }
            guard (1...3600).contains(seconds) else { throw ValidationError("--seconds is from 1 to 3600") }
            guard (0...3600).contains(shardSeconds) else { throw ValidationError("--shard-seconds is from 0 to 3600") }
        }
    }

    /// `actdiff bench coordinator`
    struct Coordinator: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Measures a coordinator with simulated workers.",
            discussion: """
                A real coordinator, with its store in a temporary folder, and workers that do everything but compute, \
                over real connections from a second process. docs/scaling.md explains the figures.

                EXAMPLE
                  actdiff bench coordinator --workers 2000 --seconds 60 --curve
                """)

        @OptionGroup var load: Load
        @Flag(help: "Encrypt all connections, with fresh keys.")
        var curve = false
        @Option(help: "Where the temporary state folder is made; its disk is measured, too.", completion: .directory)
        var folder = NSTemporaryDirectory()

        func run() throws {
            let build = try Version.build()
            let state = Start.absolute(folder) + "/actdiff-bench-\(ProcessInfo.processInfo.processIdentifier)"
            let bench = CoordinatorBench(
                .init(
                    workers: load.workers, seconds: load.seconds, shardSeconds: load.shardSeconds,
                    isCurve: curve, folder: state, build: build, logger: Start.logger("actdiff.bench", level: .warning))
            )
            try Terminal.print(
                bench.run { endpoints, keys in
                    [
                        "bench", "workers", "--control", endpoints.control, "--data", endpoints.data, "--workers",
                        "\(load.workers)", "--seconds", "\(load.seconds)", "--shard-seconds", "\(load.shardSeconds)",
                    ] + (keys.map { ["--key", $0.key, "--server-key", $0.server] } ?? [])
                })
        }
    }

    /// The simulated workers, as `bench coordinator` starts them.
    struct Workers: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Simulated workers for bench coordinator.", shouldDisplay: false)

        @OptionGroup var load: Load
        @Option var control: String
        @Option var data: String
        @Option var key: String?
        @Option var serverKey: String?

        func run() throws {
            DescriptorLimit.raise()
            var workers = try SimulatedWorkers(
                .init(
                    endpoints: Endpoints(control: control, data: data),
                    keys: KeySources().client(key: key, serverKey: serverKey), workers: load.workers,
                    seconds: load.seconds, shardSeconds: load.shardSeconds, build: Version.build()))
            let report = try workers.run { say(CoordinatorBench.begin) }
            say(String(decoding: report, as: UTF8.self))
        }

        private func say(_ line: String) {
            // Whoever started it may be gone.
            try? FileHandle.standardOutput.write(contentsOf: Data((line + "\n").utf8))
        }
    }
}
