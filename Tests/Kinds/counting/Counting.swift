import ArgumentParser
import Cluster
import Foundation
import Inputs
import Logging
import TokenCounts
import Work

/// A program that knows the kind `token_counts`, and one that does harm, for tests: `run`, `worker` and `workshop`, as actdiff
/// has them.
@main struct Counting: ParsableCommand {
    static let configuration = CommandConfiguration(subcommands: [
        RunCommand.self, WorkerCommand.self, WorkshopCommand.self,
    ])

    static let build = "test"
    static let quiet = Logger(label: "counting") { _ in SwiftLogNoOpLogHandler() }

    /// Every kind of work that there is.
    static let kinds = WorkKinds([TokenCountsKind(digests: digests, version: "0"), Mischief()])

    /// Keeps nothing.
    static let digests = DigestCache(at: "/dev/null/digests.json")
}
