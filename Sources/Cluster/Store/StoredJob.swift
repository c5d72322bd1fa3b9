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
        let sequence: DatabaseValue = row["sequence"]
        let place = "job number \(sequence)"
        self.sequence = try row.count("sequence", of: place)
        guard let id = try row.parsed("id", of: place, JobID.init),
            let state = try row.parsed("state", of: place, JobState.init(rawValue:))
        else { throw Row.damaged("id or state", of: place, "NULL") }
        self.id = id
        self.state = state
        name = try row.value("name", of: place)
        submitted = try row.count("submitted", of: place)
        source = JobSource(
            specText: try row.value("specText", of: place), specFile: try row.value("specFile", of: place),
            folder: try row.value("folder", of: place))
        error = try row.parsed("error", of: place) { try StoredJSON.decode($0) }
        kind = try row.value("kind", of: place)
        build = try row.value("build", of: place)
        let task: Data? = try row.optional("taskBytes", of: place)
        isPlanned = task != nil
        shardVersion = UInt16(try row.count("shardVersion", of: place, upTo: Int(UInt16.max)))
        shards = try row.count("shards", of: place, upTo: WireLimits.shards)
        tokens = try row.count("tokens", of: place)
        verified = try row.optional("verified", of: place)
        isPinned = try row.value("pinned", of: place)
        numberSystem = try row.optional("numberSystem", of: place)
        let files: [StoredFile]? = try row.parsed("files", of: place) { try StoredJSON.decode($0) }
        self.files = files?.map { BundleFile(name: $0.name, size: $0.size, digest: $0.digest) }
    }
}

/// A bundle's file as JSON.
struct StoredFile: Codable {
    var name: String
    var size: Int
    var digest: Digest
}
