import ArgumentParser
import Benchmarking
import Cluster
import Compute
import Foundation
import Inputs

extension BenchCommand {
    /// `actdiff bench transport`
    struct Transport: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Measures frames and sockets with a job's own results.",
            discussion: """
                Computes the first shards of a job, encodes their results and residual streams, and sends the bytes over \
                loopback: with libzmq alone, with actdiff's transport, and with keys. Medians, with the smallest and \
                the largest; docs/transport.md explains the figures.

                EXAMPLE
                  actdiff bench transport Examples/persona/villain.yaml
                """)

        @Argument(help: "The job file (YAML).", completion: .file())
        var job: String
        @Option(help: "Shards to compute.")
        var shards = 4
        @Option(help: "How often each kind of stream is measured.")
        var rounds = 7
        @Option(help: "Megabytes of a stream.")
        var megabytes = 256
        @Option(help: "Where keys are made for the time being.", completion: .directory)
        var folder = NSTemporaryDirectory()

        func validate() throws {
            guard (1...1000).contains(shards) else { throw ValidationError("--shards is from 1 to 1000") }
            guard (1...1000).contains(rounds) else { throw ValidationError("--rounds is from 1 to 1000") }
            guard (8...65_536).contains(megabytes) else { throw ValidationError("--megabytes is from 8 to 65536") }
        }

        func run() throws {
            let source = try Start.source(of: job)
            let bench = TransportBench(
                .init(
                    source: source, latents: Start.latents(), shards: shards,
                    threads: ProcessorSet.availableCount, rounds: rounds, bytes: megabytes << 20,
                    folder: Start.absolute(folder) + "/actdiff-bench-\(ProcessInfo.processInfo.processIdentifier)"))
            try Terminal.print(bench.run())
        }
    }
}
