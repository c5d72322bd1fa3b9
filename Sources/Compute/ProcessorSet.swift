import Foundation
import Kernels

/// Processors that threads may run on.
public struct ProcessorSet: Sendable, Hashable {
    /// Their numbers, ascending.
    public let numbers: [Int]

    /// The processors with these numbers.
    public init(_ numbers: some Sequence<Int>) {
        self.numbers = Set(numbers).sorted()
    }

    /// Those that the calling thread may run on, which are the process's unless it was bound; nil where the system does
    /// not say.
    public static func ofThisThread() -> ProcessorSet? {
        var room = 64
        while true {
            var numbers = [Int32](repeating: 0, count: room)
            let count = kernels_thread_processors(&numbers, room)
            guard count > 0 else { return nil }
            guard count > room else { return ProcessorSet(numbers.prefix(count).map(Int.init)) }
            room = count
        }
    }

    /// How many threads can run at the same time: as many as there are processors in the process's affinity mask, or fewer
    /// where its control group has less of their time. Foundation's number leaves the mask out.
    public static var availableCount: Int {
        let active = ProcessInfo.processInfo.activeProcessorCount
        return max(1, min(active, ofThisThread()?.numbers.count ?? active))
    }

    /// Has the calling thread run on these only, and the threads and processes that it starts from now on. False where the
    /// system does not allow it; nothing has changed then.
    @discardableResult public func bindThisThread() -> Bool {
        let numbers = numbers.compactMap(Int32.init(exactly:))
        return !numbers.isEmpty && kernels_thread_bind(numbers, numbers.count)
    }

    /// Divides these processors among `count` processes of `size` each; empty unless that uses up all of them. With
    /// some left over, other processes that bind to a part could take the same ones.
    public func slices(_ count: Int, of size: Int) -> [ProcessorSet] {
        let (all, overflows) = count.multipliedReportingOverflow(by: size)
        guard count > 0, size > 0, !overflows, all == numbers.count else { return [] }
        return (0..<count).map { ProcessorSet(numbers[$0 * size..<($0 + 1) * size]) }
    }
}
