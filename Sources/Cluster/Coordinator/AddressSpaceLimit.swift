import Glibc
import Inputs

/// The address space that this process may have (`ulimit -v`).
public enum AddressSpaceLimit {
    /// Threads, sockets and the database take some 300 MB of it before any work.
    static let fewestBytes = 512 << 20

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
