import Foundation

/// The memory that this process may take: what the machine has to spare, and what its control groups allow.
public struct MachineMemory: Sendable, Hashable {
    /// Bytes.
    public let bytes: Int

    /// Reads /proc and /sys below `root`.
    public init(root: String = "") {
        let physical = sysconf(Int32(_SC_PHYS_PAGES)) * sysconf(Int32(_SC_PAGESIZE))
        let limits = [Self.available(root)] + Self.groups(root).flatMap { Self.limits(root, $0) }
        bytes = limits.compactMap { $0 }.min() ?? physical
    }

    /// What each of several workers may take: three quarters, divided among them. The rest is for the page cache, for the
    /// coordinator, and for what the system does beside.
    public func share(among workers: Int = 1) -> Int { bytes / 4 * 3 / max(1, workers) }

    /// What can be had without swapping.
    private static func available(_ root: String) -> Int? {
        lines("\(root)/proc/meminfo").first { $0.hasPrefix("MemAvailable:") }
            .flatMap { $0.split(separator: " ").dropFirst().first }
            .flatMap { Int($0) }.map { $0 << 10 }
    }

    /// A control group that limits memory: where its hierarchy is mounted, its path there, and its file.
    private struct Group {
        let mount: String
        let path: String
        let file: String
    }

    /// The groups of this process: cgroup v2 where its line has no controllers, v1 where they are named.
    private static func groups(_ root: String) -> [Group] {
        lines("\(root)/proc/self/cgroup").compactMap { line in
            let parts = line.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
            guard parts.count == 3 else { return nil }
            let path = String(parts[2])
            if parts[1].isEmpty { return Group(mount: "/sys/fs/cgroup", path: path, file: "memory.max") }
            guard parts[1].split(separator: ",").contains("memory") else { return nil }
            return Group(mount: "/sys/fs/cgroup/memory", path: path, file: "memory.limit_in_bytes")
        }
    }

    /// The limits of a group and of all above it. Inside a container the group's own folder may be the root of the mount.
    private static func limits(_ root: String, _ group: Group) -> [Int?] {
        var folders = group.path.split(separator: "/").map(String.init)
        // Outside of what is mounted here.
        if folders.contains("..") { folders = [] }
        return (0...folders.count).map { depth in
            let path = ([root + group.mount] + folders.prefix(depth) + [group.file]).joined(separator: "/")
            // "max" and the like are no limit.
            return lines(path).first.flatMap { Int($0) }.flatMap { $0 > 0 ? $0 : nil }
        }
    }

    private static func lines(_ path: String) -> [Substring] {
        // Files of the kernel have no size.
        guard let data = FileManager.default.contents(atPath: path) else { return [] }
        return String(decoding: data, as: UTF8.self).split(separator: "\n")
    }
}
