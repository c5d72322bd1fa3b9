import ArgumentParser
import Benchmarking
import Cluster
import Compute
import Evaluation
import Foundation
import Inputs
import Latents

extension BenchCommand {
    /// `actdiff bench compute`
    struct Compute: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Measures the forward pass and the encoder with a job's own prompts.",
            discussion: """
                Runs the base over the first shards of a job and encodes all of their tokens, against plain matrix \
                products on the same threads. Medians, with the smallest and the largest, in 10^9 operations a second.

                EXAMPLE
                  actdiff bench compute Examples/persona/villain.yaml
                """)

        @Argument(help: "The job file (YAML).", completion: .file())
        var job: String
        @Option(help: "Shards to compute.")
        var shards = 8
        @Option(help: "How often everything is measured.")
        var rounds = 5
        @Option(help: "Threads. (default: all processors of the affinity mask)")
        var threads: Int?

        func validate() throws {
            guard (1...100_000).contains(shards) else { throw ValidationError("--shards is from 1 to 100000") }
            guard (1...1000).contains(rounds) else { throw ValidationError("--rounds is from 1 to 1000") }
            if let threads, !(1...1024).contains(threads) { throw ValidationError("--threads is from 1 to 1024") }
        }

        func run() throws {
            let source = try Start.source(of: job)
            let (task, all) = try Start.latents().opened(source)
            let count = threads ?? ProcessorSet.availableCount
            let works = Array(all.prefix(shards))
            let bench = try ComputeBench(task, works: works, threads: Threads(count))
            try bench.warmUp()
            let measured = try (0..<rounds).map { _ in
                try bench.round { Terminal.say("shard \($0.index): \($0.tokenCount) tokens") }
            }
            let tokens = works.reduce(0) { $0 + $1.prompts.reduce(0) { $0 + $1.ids.count } }
            try Terminal.print("threads   \(count)")
            try Terminal.print("tokens    \(tokens) in \(works.count) shards")
            try Terminal.print("products  \(Spread(measured.map(\.product)).text(0)) GFLOP/s")
            try Terminal.print("forward   \(Spread(measured.map(\.forward)).text(0)) GFLOP/s", terminator: ", ")
            try Terminal.print(
                "\(Spread(measured.map { $0.forward / $0.product }).text(2)) of products", terminator: ", ")
            try Terminal.print("\(Spread(measured.map(\.forwardTokens)).text(0)) tokens/s")
            try Terminal.print("encode    \(Spread(measured.map(\.encode)).text(0)) GFLOP/s", terminator: ", ")
            try Terminal.print("\(Spread(measured.map { $0.encode / $0.product }).text(2)) of products")
            try Terminal.print("shards    \(Spread(measured.map(\.shardTokens)).text(0)) prompt tokens/s")
        }
    }
}
