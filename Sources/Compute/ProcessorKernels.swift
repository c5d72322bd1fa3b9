import Kernels

/// Which kernels this processor runs.
public enum ProcessorKernels {
    /// Their instruction set: avx512, avx2 or portable. It decides how sums are rounded: the same text, the same bits.
    public static var instructionSet: String { String(cString: kernels_instruction_set()) }
}
