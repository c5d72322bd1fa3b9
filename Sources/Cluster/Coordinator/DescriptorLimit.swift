import Glibc
import Inputs
import Wire

/// The number of files and connections that this process may have open.
public enum DescriptorLimit {
    /// With fewer a process cannot even open its sockets.
    static let fewest = 64

    /// Makes sure that this process may have enough to work at all: libraries would end it without a word. Throws `InputError`
    /// where the system does not let it have them.
    public static func ensure() throws {
        try ensure(fewest, for: "a process")
    }

    /// Makes sure that there are enough for a coordinator, whatever strangers take. Throws as `ensure` does.
    static func ensureForCoordinator() throws {
        try ensure(DescriptorShare.fewest, for: "a coordinator")
    }

    private static func ensure(_ fewest: Int, for whom: String) throws {
        var limit = rlimit()
        guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0, limit.rlim_cur < fewest else {
            return
        }
        try check(raise(), fewest, for: whom)
    }

    static func check(_ limit: Int, _ fewest: Int = fewest, for whom: String = "a process") throws {
        guard limit < fewest else { return }
        throw InputError(
            "open files", expected: "a limit of at least \(fewest) for \(whom)", found: "\(limit)",
            hint: "raise it: ulimit -Hn, or LimitNOFILE= of the service", kind: .configuration)
    }

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
