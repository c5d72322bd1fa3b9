import Foundation
import Inputs
import Work

// What the fold and the leases depend on is held against these when it is read: disks lose data, too.

/// Shows that a stored result, its content digest, its place and the number system that computed it belong together.
struct ResultSeal: Sendable, Hashable {
    /// SHA-256 of the SHA-256 of the bytes, the content digest, the shard (u64, little-endian) and the number system.
    let text: String

    /// Seals a result; `transfer` is the SHA-256 of its bytes, `content` what tells it from others.
    init(transfer: Digest, content: Digest, shard: Int, numberSystem: String) {
        text = Digest(of: transfer.bytes + content.bytes + bytes(of: shard) + numberSystem.utf8).description
    }
}

/// Shows that a planned shard is as it was planned.
struct ShardSeal: Sendable, Hashable {
    /// SHA-256 of the shard's index and tokens (u64, little-endian) and its work.
    let text: String

    init(_ shard: Int, tokens: Int, work: some Sequence<UInt8>) {
        text = Digest(of: bytes(of: shard) + bytes(of: tokens) + work).description
    }
}

/// Shows that a job's plan is as it was made.
struct PlanSeal: Sendable, Hashable {
    /// SHA-256 of the lines that say what the plan is.
    let text: String

    init(
        job file: JobSourceDigest, kind: String, task: (version: Int, bytes: Data), record: Data, shardVersion: Int,
        isPinned: Bool, shards: [String]
    ) {
        let lines = [
            file.text, kind, "\(task.version)", Digest(of: Array(task.bytes)).description,
            Digest(of: Array(record)).description, "\(shardVersion)", "\(isPinned)", "\(shards.count)",
        ]
        text = Digest(of: (lines + shards).joined(separator: "\n")).description
    }
}

/// A job file with its name and folder.
struct JobSourceDigest: Sendable, Hashable {
    let text: String

    init(specText: String, specFile: String, folder: String) {
        text = [specText, specFile, folder].map { Digest(of: $0).description }.joined(separator: " ")
    }

    init(_ source: JobSource) {
        self.init(specText: source.specText, specFile: source.specFile, folder: source.folder)
    }
}

private func bytes(of number: Int) -> [UInt8] {
    withUnsafeBytes(of: UInt64(clamping: number).littleEndian, Array.init)
}
