import Foundation
import GRDB
import Inputs
import Wire
import Work

/// A job as the store has it.
public struct StoredJob: Sendable, Hashable {
    /// Position in the order of submission.
    public var sequence: Int
    public var id: JobID
    public var name: String
    /// Seconds since 1970.
    public var submitted: Int
    public var source: JobSource
    public var state: JobState
    /// Why it failed.
    public var error: InputError?
    /// Its kind of work.
    public var kind: String
    /// The program that planned it; empty until then.
    public var build: String
    /// Whether it was planned: its task, record and shards are in the store.
    public var isPlanned: Bool
    /// Layout of its shards' bytes.
    public var shardVersion: UInt16
    /// Once it is planned: number of shards.
    public var shards: Int
    /// Once it is planned: tokens in all shards.
    public var tokens: Int
    /// Once it is folded: the bundle's files.
    public var files: [BundleFile]?
    /// Once it is planned: shards that are to be computed twice; nil where an earlier version planned it.
    public var verified: Int?

    /// Whether all its results must be of one number system, and which one that is, once there was a lease.
    public var isPinned: Bool
    public var numberSystem: String?

    /// The build that planned it, for people.
    var plannedBy: String { build.isEmpty ? "an earlier version" : build }
}

extension StoredJob: FetchableRecord {
    public init(row: Row) throws {
        func json<Value: Decodable>(_ column: String, as type: Value.Type) throws -> Value? {
            let text: String? = row[column]
            return try text.map { try JSONDecoder().decode(type, from: Data($0.utf8)) }
        }
        let text: String = row["id"]
        let name: String = row["state"]
        guard let id = JobID(text), let state = JobState(rawValue: name) else {
            throw InputError(
                "jobs.sqlite: job \(text)", expected: "a known state", found: name, kind: .configuration)
        }
        self.id = id
        self.state = state
        sequence = row["sequence"]
        self.name = row["name"]
        submitted = row["submitted"]
        source = JobSource(specText: row["specText"], specFile: row["specFile"], folder: row["folder"])
        error = try json("error", as: InputError.self)
        kind = row["kind"]
        build = row["build"]
        let task: Data? = row["taskBytes"]
        isPlanned = task != nil
        guard let version = UInt16(exactly: row["shardVersion"] as Int) else {
            throw InputError(
                "jobs.sqlite: job \(text)", expected: "the version of a layout", found: "another number",
                kind: .configuration)
        }
        shardVersion = version
        shards = row["shards"]
        tokens = row["tokens"]
        verified = row["verified"]
        isPinned = row["pinned"]
        numberSystem = row["numberSystem"]
        files = try json("files", as: [StoredFile].self)?.map {
            BundleFile(name: $0.name, size: $0.size, digest: $0.digest)
        }
    }
}

/// A bundle's file as JSON.
struct StoredFile: Codable {
    var name: String
    var size: Int
    var digest: Digest
}
