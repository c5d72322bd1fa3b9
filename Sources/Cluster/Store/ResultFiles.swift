import Foundation
import Inputs

/// Results that are too large for the database: a file each, durable before the row that names it is written.
struct ResultFiles: Sendable {
    /// Larger results are files: SQLite is quicker with small ones, and copies large ones several times.
    static let largestRow = 4 << 20

    let folder: String

    /// The name of a result's file; no two commits share one.
    static func name(job: Int, shard: Int, epoch: Int) -> String { "\(job).\(shard).\(epoch)" }

    func write(_ bytes: [UInt8], as name: String) throws {
        try AtomicFile.write(bytes, to: folder + "/" + name)
    }

    func read(_ name: String) throws -> [UInt8] {
        try InputFile(own: folder + "/" + name).bytes()
    }

    /// Removes the files of a job that needs them no more. If one cannot be removed, the next start does it.
    func removeAll(of job: Int) {
        for name in (try? Bundle.names(in: folder)) ?? [] where name.hasPrefix("\(job).") {
            try? Bundle.remove(folder + "/" + name)
        }
    }

    /// Removes all files that no row names: failed commits leave some behind.
    func sweep(keeping names: Set<String>) throws {
        for name in try Bundle.names(in: folder) where !names.contains(name) {
            try Bundle.remove(folder + "/" + name)
        }
    }
}
