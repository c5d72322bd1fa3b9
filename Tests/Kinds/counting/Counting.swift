import ArgumentParser
import Cluster
import Foundation
import Inputs
import Logging
import TokenCounts
import Work

/// A program that knows the kind `token_counts` and no other, for tests: `run` and `worker`, as actdiff has them.
@main struct Counting: ParsableCommand {
    static let configuration = CommandConfiguration(subcommands: [RunCommand.self, WorkerCommand.self])

    static let build = "test"
    static let quiet = Logger(label: "counting") { _ in SwiftLogNoOpLogHandler() }

    /// Every kind of work that there is.
    static let kinds = WorkKinds([TokenCountsKind(digests: digests, version: "0")])

    /// Keeps nothing.
    static let digests = DigestCache(at: "/dev/null/digests.json")
}
