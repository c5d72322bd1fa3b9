import Foundation
import Synchronization
import Testing

@testable import Compute

/// Which processors threads run on.
@Suite(.timeLimit(.minutes(5))) struct ProcessorTests {
    /// What `body` returns on a thread of its own, whose binding touches nobody.
    private func onThread<Value: Sendable>(_ body: @escaping @Sendable () -> Value) -> Value? {
        let result = Mutex<Value?>(nil)
        let ended = DispatchSemaphore(value: 0)
        Thread {
            let value = body()
            result.withLock { $0 = value }
            ended.signal()
        }.start()
        ended.wait()
        return result.withLock { $0 }
    }

    /// The processors of all of a pool's threads, by their numbers, with that of the caller first.
    private static func processors(_ count: Int) -> [ProcessorSet?] {
        let seen = Mutex([ProcessorSet?](repeating: nil, count: count))
        let meeting = Meeting(count)
        Threads(count).forEach(count) { _, thread in
            // So that no thread takes two pieces.
            meeting.wait()
            seen.withLock { $0[thread] = ProcessorSet.ofThisThread() }
        }
        return seen.withLock { $0 }
    }

    @Test func whereThereAreAsManyThreadsAsProcessorsThePoolsAreBound() throws {
        let all = try #require(ProcessorSet.ofThisThread())
        // Of all sizes that this machine has room for; the whole last.
        for size in Set([2, 3, all.numbers.count]) where (2...all.numbers.count).contains(size) {
            let some = ProcessorSet(all.numbers.suffix(size))
            let seen = onThread {
                some.bindThisThread()
                return Self.processors(size)
            }
            #expect(seen == [some] + some.numbers.dropFirst().map { ProcessorSet([$0]) })
        }
    }

    @Test func withMoreOrFewerThreadsNoneIsBound() throws {
        let all = try #require(ProcessorSet.ofThisThread())
        let one = ProcessorSet(all.numbers.prefix(1))
        for (set, count) in [(one, 2), (all, all.numbers.count + 1), (all, all.numbers.count - 1)] where count > 1 {
            let seen = onThread {
                set.bindThisThread()
                return Self.processors(count)
            }
            #expect(seen == Array(repeating: set, count: count), "\(count) threads")
        }
    }

    @Test func whatAThreadIsBoundToIsWhatItAndItsThreadsSay() throws {
        let all = try #require(ProcessorSet.ofThisThread())
        let last = ProcessorSet(all.numbers.suffix(1))
        let seen = onThread {
            let isBound = last.bindThisThread()
            let here = ProcessorSet.ofThisThread()
            return (isBound, here, ProcessorSet.availableCount)
        }
        #expect(seen?.0 == true && seen?.1 == last && seen?.2 == 1)
        #expect((1...all.numbers.count).contains(ProcessorSet.availableCount))
    }

    @Test func whatIsNoProcessorIsRefusedAndChangesNothing() {
        for numbers in [[], [-1], [1 << 16], [1 << 40], [65_535]] {
            let seen = onThread {
                let before = ProcessorSet.ofThisThread()
                return (ProcessorSet(numbers).bindThisThread(), ProcessorSet.ofThisThread() == before)
            }
            #expect(seen?.0 == false && seen?.1 == true, "\(numbers)")
        }
    }

    @Test func slicesAreDisjointAndInOrder() {
        let set = ProcessorSet([9, 4, 2, 3, 8, 1500])
        #expect(set.numbers == [2, 3, 4, 8, 9, 1500])
        #expect(set.slices(2, of: 3) == [ProcessorSet([2, 3, 4]), ProcessorSet([8, 9, 1500])])
        #expect(set.slices(6, of: 1) == set.numbers.map { ProcessorSet([$0]) })
        #expect(set.slices(1, of: 6) == [set])
        for (workers, threads) in [(2, 4), (7, 1), (1, 7), (2, 2), (1, 1), (0, 1), (1, 0), (256, 1024), (3, .max)] {
            #expect(set.slices(workers, of: threads) == [], "\(workers) × \(threads)")
        }
        #expect(ProcessorSet([]).slices(1, of: 1) == [])
    }

    /// Where threads wait for one another.
    private final class Meeting: Sendable {
        private let missing: Mutex<Int>
        private let count: Int
        private let all = DispatchSemaphore(value: 0)

        init(_ count: Int) {
            self.count = count
            missing = Mutex(count)
        }

        func wait() {
            let isLast = missing.withLock { missing in
                missing -= 1
                return missing == 0
            }
            if isLast { for _ in 0..<count { all.signal() } }
            all.wait()
        }
    }
}
