import Foundation

/// Bytes that are zero at first, 64-byte aligned, written by one owner at a time.
///
/// Large ones come from the kernel directly, in huge pages where it gives them: one fault for each 2 MiB and not for each
/// 4 KiB, which is most of what it costs to fill new memory on a virtual machine, and fewer misses when rows of a large
/// matrix are read here and there. The kernel's pages are zero: nothing is written to them before they are used, by whichever
/// of several threads comes first.
public final class ZeroedMemory {
    /// The first byte.
    public let start: UnsafeMutableRawPointer
    /// What the kernel gave; nil where it comes from the heap.
    private let mapping: UnsafeMutableRawBufferPointer?

    private static let hugePage = 2 << 20
    private static let alignment = 64

    /// Takes `count` bytes.
    public init(_ count: Int) {
        if count >= Self.hugePage, let (mapping, start) = Self.mapped(count) {
            (self.mapping, self.start) = (mapping, start)
        } else {
            mapping = nil
            start = .allocate(byteCount: max(count, 1), alignment: Self.alignment)
            start.initializeMemory(as: UInt8.self, repeating: 0, count: count)
        }
    }

    /// Asks the kernel; nil where it has no room, which the heap may still have.
    private static func mapped(
        _ count: Int
    ) -> (mapping: UnsafeMutableRawBufferPointer, start: UnsafeMutableRawPointer)? {
        // Addresses before and after what is used cost nothing.
        let size = count + hugePage
        guard let address = mmap(nil, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0),
            address != MAP_FAILED
        else { return nil }
        let start = address.alignedUp(toMultipleOf: hugePage)
        // The part that fills whole huge pages, so that no more memory is taken than is asked for.
        madvise(start, count / hugePage * hugePage, MADV_HUGEPAGE)
        return (UnsafeMutableRawBufferPointer(start: address, count: size), start)
    }

    deinit {
        if let mapping {
            munmap(mapping.baseAddress, mapping.count)
        } else {
            start.deallocate()
        }
    }
}
