import Kernels

/// Which kernels this processor runs.
public enum ProcessorKernels {
    /// Their instruction set: avx512, avx2 or portable. It decides how sums are rounded: equal names mean equal bits.
    public static var instructionSet: String { String(cString: kernels_instruction_set()) }

    /// The number system of computations with these kernels, such as `cpu/avx512`.
    public static var numberSystem: String { systemPrefix + instructionSet }

    /// The kernels of a number system, such as `avx512` for `cpu/avx512`; the whole name for one that is not a
    /// processor's.
    public static func kernels(ofNumberSystem name: String) -> String {
        name.hasPrefix(systemPrefix) ? String(name.dropFirst(systemPrefix.count)) : name
    }

    private static let systemPrefix = "cpu/"

    /// The environment variable that may name a narrower set than the processor's widest: with it, one machine gives the
    /// very bits of another.
    public static let variable = "ACTDIFF_KERNELS"

    /// False if the variable names something that this processor cannot run.
    public static var areAsRequested: Bool { kernels_request_is_met() }
}
