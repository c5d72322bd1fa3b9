import Glibc

/// The number of files and connections that this process may have open.
public enum DescriptorLimit {
    /// Raises it as far as the system lets a process do so by itself, and returns what it is now. A coordinator needs
    /// two for each worker, and many systems start at 1,024.
    @discardableResult
    public static func raise() -> Int {
        var limit = rlimit()
        guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return 0 }
        let before = limit.rlim_cur
        limit.rlim_cur = limit.rlim_max
        if setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) != 0 { return Int(clamping: before) }
        return Int(clamping: limit.rlim_cur)
    }
}
