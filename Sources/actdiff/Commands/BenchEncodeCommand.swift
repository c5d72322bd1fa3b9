import ArgumentParser
import Benchmarking
import Compute
import Evaluation
import Foundation
import Inputs
import Latents

extension BenchCommand {
    /// `actdiff bench encode`
    struct Encode: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Measures a random dictionary's encode, dense and with bounds.",
            discussion: """
                Both ways give the same activations; that is checked, and anything else ends with status 65. Speeds are in \
                10^9 floating-point operations of the dense products a second. docs/performance.md explains the figures.

                EXAMPLE
                  actdiff bench encode --latents 131072 --width 2048
                """)

        @Option(help: "Latents of the dictionary.")
        var latents = 131_072
        @Option(help: "Width of the residual stream.")
        var width = 2048
        @Option(help: "Active latents of a row.")
        var active = 64
        @Flag(help: "Thresholds decide which latents are active, and not their number.")
        var thresholds = false
        @Option(help: "Rows that are encoded.")
        var rows = 1008
        @Option(help: "Threads.")
        var threads = 1
        @Option(help: "Rounds, each of which measures everything.")
        var rounds = 5

        func validate() throws {
            guard (1...1 << 20).contains(latents) else { throw ValidationError("--latents is from 1 to 1048576") }
            guard (1...1 << 14).contains(width) else { throw ValidationError("--width is from 1 to 16384") }
            guard (1...latents).contains(active) else { throw ValidationError("--active is from 1 to the latents") }
            guard (1...1 << 16).contains(rows) else { throw ValidationError("--rows is from 1 to 65536") }
            guard (1...1024).contains(threads) else { throw ValidationError("--threads is from 1 to 1024") }
            guard (1...1000).contains(rounds) else { throw ValidationError("--rounds is from 1 to 1000") }
        }

        func run() throws {
            let bench = EncodeBench(
                .init(
                    latents: latents, width: width, active: active, hasThresholds: thresholds, rows: rows,
                    threads: threads))
            // The first round brings scratch into memory, and makes the bounds.
            _ = try bench.round()
            let results = try (0..<rounds).map { _ in try bench.round() }
            func line(_ name: String, _ text: String) throws {
                try Terminal.print(name.padding(toLength: 28, withPad: " ", startingAt: 0) + text)
            }
            try Terminal.print("\(latents) latents, width \(width), \(rows) rows, \(threads) thread(s); median (range)")
            try line("active latents a row", Spread(results.map(\.active)).text(1))
            try line("products alone", Spread(results.map(\.product)).text(0) + " GFLOP/s")
            try line("dense encode", Spread(results.map(\.dense)).text(0) + " GFLOP/s")
            try line("  of the products", Spread(results.map { $0.dense / $0.product }).text(2))
            try line("bounded encode", Spread(results.map(\.bounded)).text(0) + " GFLOP/s")
            try line("  of dense", Spread(results.map { $0.bounded / $0.dense }).text(2))
            guard results.allSatisfy(\.isSame) else {
                throw InputError(
                    "bounded encode", expected: "the activations of the dense one", found: "others",
                    hint: "this is a mistake in actdiff; please report it with the processor's name")
            }
            try line("activations", "identical")
        }
    }
}
