import Foundation
import Synchronization

/// SHA-256 digests of input files, remembered between runs so that an unchanged model is not read again.
///
/// An entry holds for a path while size, device, inode and two times stay the same: that of the last change of content,
/// and that of the last change of status. Every replacement moves the latter, even one that sets the former back.
public final class DigestCache: Sendable {
    /// What tells that a file is still the one that was read.
    private struct Stamp: Codable, Hashable {
        let size: Int64
        let modifiedNanoseconds: Int64
        let changedNanoseconds: Int64
        let inode: UInt64
        let device: UInt64
    }

    private struct Entry: Codable, Hashable {
        let stamp: Stamp
        let sha256: Digest
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
        let stamp = try Self.stamp(path)
        if let known = entries.withLock({ $0[key] }), known.stamp == stamp { return known.sha256 }
        let started = Self.now()
        let digest = try Digest(of: MappedFile(path), step: step)
        guard try Self.stamp(path) == stamp else {
            throw InputError(
                path, expected: "a file that stays as it is while it is read", found: "a change", kind: .temporary)
        }
        if max(stamp.modifiedNanoseconds, stamp.changedNanoseconds) < started - settled {
            remember(Entry(stamp: stamp, sha256: digest), for: key)
        }
        return digest
    }

    private func remember(_ entry: Entry, for key: String) {
        entries.withLock { entries in
            // Another process may have added to the file since it was read.
            entries.merge(Self.load(location)) { own, _ in own }
            entries[key] = entry
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
            // A cache that cannot be written costs time in the next run; the digest is right all the same.
            guard let data = try? encoder.encode(entries) else { return }
            let folder = URL(filePath: location).deletingLastPathComponent()
            try? FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
            try? AtomicFile.write(data, to: location)
        }
    }

    private static func load(_ location: String) -> [String: Entry] {
        guard let data = try? Document.contents(of: location) else { return [:] }
        return (try? JSONDecoder().decode([String: Entry].self, from: data)) ?? [:]
    }

    private static func stamp(_ path: String) throws -> Stamp {
        var status = stat()
        guard stat(path, &status) == 0 else {
            throw InputError(path, expected: "a readable file", found: String(cString: strerror(errno)))
        }
        return Stamp(
            size: Int64(status.st_size), modifiedNanoseconds: nanoseconds(status.st_mtim),
            changedNanoseconds: nanoseconds(status.st_ctim), inode: UInt64(status.st_ino),
            device: UInt64(status.st_dev))
    }

    private static func now() -> Int64 {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return nanoseconds(time)
    }

    private static func nanoseconds(_ time: timespec) -> Int64 {
        Int64(time.tv_sec) &* 1_000_000_000 &+ Int64(time.tv_nsec)
    }
}
