import Glibc
import Inputs

/// The address space that this process may have (`ulimit -v`).
public enum AddressSpaceLimit {
    /// Threads, sockets and the database take up to 1 GB of it before any work, most of it never used. Where it is short, a
    /// thread that does not begin leaves the others waiting for ever.
    static let fewestBytes = 2 << 30

    /// Makes sure that this process may have enough to work at all: what cannot be allocated would end it without a word.
    /// Throws `InputError`.
    public static func ensure() throws {
        var limit = rlimit()
        guard getrlimit(__rlimit_resource_t(RLIMIT_AS.rawValue), &limit) == 0 else { return }
        try check(Int(clamping: limit.rlim_cur))
    }

    static func check(_ bytes: Int) throws {
        guard bytes < fewestBytes else { return }
        throw InputError(
            "address space", expected: "a limit of at least \(fewestBytes >> 10) KiB for a process",
            found: "\(bytes >> 10) KiB", hint: "raise it: ulimit -v, or LimitAS= of the service", kind: .configuration)
    }
}
