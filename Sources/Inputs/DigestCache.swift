import Foundation
import Synchronization

/// SHA-256 digests of input files, remembered between runs so that an unchanged model is not read again.
///
/// An entry holds for a path while size, device, inode and two times stay the same: that of the last change of content,
/// and that of the last change of status. Every replacement moves the latter, even one that sets the former back.
///
/// A change through a mapping moves them too, because pages that wait to be written are written out before a file is read
/// (`InputFile.writeOut`), and before an entry is believed. Where that cannot be had, as for files in memory, nothing is
/// remembered and files are read each time. What remains: a machine whose clock was set back, changes below the file
/// system (on the bare disk, in the lower layer of an overlay, by a device that writes to pinned pages), and those of
/// another machine that a network file system does not tell of yet.
public final class DigestCache: Sendable {
    /// What tells that a file is still the one that was read.
    fileprivate struct Stamp: Codable, Hashable {
        let size: Int64
        let modifiedNanoseconds: Int64
        let changedNanoseconds: Int64
        let inode: UInt64
        let device: UInt64

        init(_ file: InputFile) {
            let status = file.status
            size = Int64(status.st_size)
            modifiedNanoseconds = nanoseconds(status.st_mtim)
            changedNanoseconds = nanoseconds(status.st_ctim)
            inode = UInt64(status.st_ino)
            device = UInt64(status.st_dev)
        }

        /// The later of the two times.
        var last: Int64 { max(modifiedNanoseconds, changedNanoseconds) }
    }

    private struct Entry: Codable, Hashable {
        let stamp: Stamp
        let sha256: Digest
    }

    /// What the cache's file holds. Entries of the first layout, which had no version, may have missed changes through
    /// mappings.
    private struct Contents: Codable {
        static let current = 2

        var version = current
        var files: [String: Entry]
    }

    private let location: String
    private let entries: Mutex<[String: Entry]>

    /// Files changed less than this long ago are read every time: a second change might leave no trace in their stamp.
    private let settled: Int64

    /// Keeps the cache in a JSON file at `location`. A file there that cannot be read as one is ignored and rewritten.
    public convenience init(at location: String) {
        self.init(at: location, settledNanoseconds: 2_000_000_000)
    }

    init(at location: String, settledNanoseconds: Int64) {
        self.location = location
        settled = settledNanoseconds
        entries = Mutex(Self.load(location))
    }

    /// The digest of an input that consists of these files.
    ///
    /// One file: its own SHA-256. Several: the SHA-256 of the lines `<sha256 hex>  <name relative to folder>\n`, sorted by
    /// the bytes of the names, which is what `sha256sum NAMES… | sha256sum` gives with the names in that order.
    ///
    /// Files that have to be read may take hours: `step` is called again and again, and may throw to give up.
    public func digest(
        of files: [String], relativeTo folder: String, step: () throws -> Void = {}
    ) throws -> Digest {
        if files.count == 1 { return try digest(of: files[0], step: step) }
        let prefix = folder.hasSuffix("/") ? folder : folder + "/"
        var lines: [(name: String, line: String)] = []
        for path in files {
            guard path.hasPrefix(prefix) else {
                throw InputError(path, expected: "a file in \(folder)", found: "one outside")
            }
            let name = String(path.dropFirst(prefix.count))
            lines.append((name, "\(try digest(of: path, step: step))  \(name)\n"))
        }
        lines.sort { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) }
        return Digest(of: lines.map(\.line).joined())
    }

    /// The digest of one file's bytes. `step` as above.
    public func digest(of path: String, step: () throws -> Void = {}) throws -> Digest {
        let key = URL(filePath: path).standardizedFileURL.path(percentEncoded: false)
        let file = try InputFile(path)
        let started = Self.now()
        let (stamp, isMovedByChanges) = try Self.stamp(of: file, step)
        if isMovedByChanges, let known = entries.withLock({ $0[key] }), known.stamp == stamp { return known.sha256 }
        let digest = try Digest(of: file, step: step)
        guard stamp.size == Int64(file.size), Stamp(file) == stamp else {
            throw InputError(
                path, expected: "a file that stays as it is while it is read", found: "a change", kind: .temporary)
        }
        if isMovedByChanges, stamp.last < started - settled { remember(Entry(stamp: stamp, sha256: digest), for: key) }
        return digest
    }

    /// What tells whether files have been changed since, if only for a moment. Two that are equal say that they were not, as far
    /// as the comment on this type goes.
    public struct Rest: Sendable, Hashable {
        fileprivate var stamps: [String: Stamp]

        /// Whether no file was changed after `moment`. Some kernels' clock for files ticks a few hundred times a second: what
        /// happens within the tick of `moment` may go unseen.
        public func isOlder(than moment: Moment) -> Bool { stamps.values.allSatisfy { $0.last <= moment.nanoseconds } }
    }

    /// A time as file systems note it.
    public struct Moment: Sendable, Hashable {
        fileprivate let nanoseconds: Int64

        /// Now, by the clock that the kernel takes files' times from, or is a tick behind.
        public init() {
            var time = timespec()
            clock_gettime(CLOCK_REALTIME, &time)
            self.nanoseconds = Inputs.nanoseconds(time)
        }
    }

    /// How files stand now. What was changed through a mapping is written out first, where the file system can. `step` as
    /// above.
    public func rest(of files: [String], step: () throws -> Void = {}) throws -> Rest {
        var stamps: [String: Stamp] = [:]
        for path in files { stamps[path] = try Self.stamp(of: InputFile(path), step).stamp }
        return Rest(stamps: stamps)
    }

    /// How often pages are written out before a file counts as one that never rests.
    private static let mostWritings = 3

    /// A file's stamp, and whether every later change moves it: no page has been changed, and waits to be written, since
    /// before the stamp was taken.
    private static func stamp(
        of file: InputFile, _ step: () throws -> Void
    ) throws -> (stamp: Stamp, isMovedByChanges: Bool) {
        var stamp = Stamp(file)
        for _ in 0..<mostWritings {
            guard try file.writeOut(step: step) else { return (stamp, false) }
            let after = Stamp(file)
            if after == stamp { return (stamp, true) }
            // Changed meanwhile, or on a file system that sets the times when it writes.
            stamp = after
        }
        return (stamp, false)
    }

    private func remember(_ entry: Entry, for key: String) {
        entries.withLock { entries in
            // Another process may have added to the file since it was read.
            entries.merge(Self.load(location)) { own, _ in own }
            entries[key] = entry
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
            // A cache that cannot be written costs time in the next run; the digest is right all the same.
            guard let data = try? encoder.encode(Contents(files: entries)) else { return }
            let folder = URL(filePath: location).deletingLastPathComponent()
            try? FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
            try? AtomicFile.write(data, to: location)
        }
    }

    private static func load(_ location: String) -> [String: Entry] {
        guard let data = try? InputFile(own: location).contents(),
            let contents = try? JSONDecoder().decode(Contents.self, from: data),
            contents.version == Contents.current
        else { return [:] }
        return contents.files
    }

    private static func now() -> Int64 {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return nanoseconds(time)
    }
}

private func nanoseconds(_ time: timespec) -> Int64 {
    Int64(time.tv_sec) &* 1_000_000_000 &+ Int64(time.tv_nsec)
}
