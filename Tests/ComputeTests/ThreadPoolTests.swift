import Foundation
import Synchronization
import Testing

@testable import Compute

/// Loops over pieces, and the threads that run them.
@Suite(.timeLimit(.minutes(5))) struct ThreadPoolTests {
    @Test(arguments: [1, 2, 3, 5, 16])
    func everyPieceRunsOnceOnAThreadInRange(count: Int) {
        let threads = Threads(count)
        for pieces in [0, 1, 2, 3, 4, 7, 15, 16, 17, 100, 1000] {
            let seen = Mutex([Int](repeating: 0, count: pieces))
            threads.forEach(pieces) { piece, thread in
                seen.withLock { $0[piece] += (0..<count).contains(thread) ? 1 : 100 }
            }
            #expect(seen.withLock { $0.allSatisfy { $0 == 1 } }, "\(pieces) pieces")
        }
    }

    /// Rounds so short that threads come too late for many of them.
    @Test(arguments: [2, 3, 8])
    func manyShortLoopsMissNothing(count: Int) {
        let threads = Threads(count)
        let sum = Atomic(0)
        for _ in 0..<20_000 { threads.forEach(count + 1) { piece, _ in sum.add(piece, ordering: .relaxed) } }
        let total = sum.load(ordering: .relaxed)
        #expect(total == 20_000 * (count + 1) * count / 2)
    }

    @Test func aNumberStandsForOneThreadAtATime() {
        let threads = Threads(4)
        let users = (0..<4).map { _ in Flag() }
        let isShared = Atomic(false)
        for _ in 0..<200 {
            threads.forEach(100) { _, thread in
                if users[thread].isUp.exchange(true, ordering: .acquiringAndReleasing) {
                    isShared.store(true, ordering: .relaxed)
                }
                users[thread].isUp.store(false, ordering: .releasing)
            }
        }
        let wasShared = isShared.load(ordering: .relaxed)
        #expect(!wasShared)
    }

    @Test func severalThreadsWorkAtTheSameTime() {
        let here = DispatchSemaphore(value: 0)
        let others = DispatchSemaphore(value: 0)
        // Neither piece ends before the other has begun.
        Threads(2).forEach(2) { piece, _ in
            (piece == 0 ? here : others).signal()
            (piece == 0 ? others : here).wait()
        }
    }

    @Test func aLoopWithinALoopRunsAllPieces() {
        let threads = Threads(3)
        let seen = Mutex([Int](repeating: 0, count: 300))
        threads.forEach(30) { outer, _ in
            threads.forEach(10) { inner, thread in
                seen.withLock { $0[outer * 10 + inner] += thread == 0 ? 1 : 100 }
            }
        }
        #expect(seen.withLock { $0.allSatisfy { $0 == 1 } })
    }

    @Test func loopsOfSeveralThreadsRunAllPieces() {
        let threads = Threads(3)
        let sum = Atomic(0)
        let ended = DispatchSemaphore(value: 0)
        for _ in 0..<4 {
            Thread {
                for _ in 0..<1000 { threads.forEach(5) { piece, _ in sum.add(piece, ordering: .relaxed) } }
                ended.signal()
            }.start()
        }
        for _ in 0..<4 { ended.wait() }
        let total = sum.load(ordering: .relaxed)
        #expect(total == 4 * 1000 * 10)
    }

    @Test func chunksCoverTheWholeWithoutOverlap() {
        let seen = Mutex([Int](repeating: 0, count: 103))
        Threads(3).forEachChunk(of: 103, size: 10) { rows, _ in
            seen.withLock { seen in for row in rows { seen[row] += 1 } }
        }
        #expect(seen.withLock { $0.allSatisfy { $0 == 1 } })
    }

    @Test func fewRowsAreSpreadEvenlyAndManyInSmallerAndSmallerChunks() {
        for (threads, total, sizes) in [
            (1, 2048, [228, 228, 228, 228, 228, 228, 228, 228, 224]), (2, 100, [54, 46]), (2, 440, [222, 218]),
            (2, 2048, [252, 252, 252, 252, 252, 192, 144, 108, 84, 60, 60, 60, 60, 20]), (4, 1, [1]), (3, 0, []),
            (16, 2048, [132, 132, 132, 132, 132, 132, 132, 132, 132, 132, 132, 132, 132, 132, 132, 68]),
        ] {
            let chunks = Threads(threads).chunks(of: total, atMost: 252, multipleOf: 6)
            #expect(chunks.map(\.count) == sizes, "\(threads), \(total)")
            #expect(chunks.flatMap { Array($0) } == Array(0..<total))
        }
    }

    @Test func ofSeveralErrorsTheLowestPiecesIsThrown() {
        struct Failure: Error, Equatable { let piece: Int }
        let threads = Threads(4)
        for _ in 0..<100 {
            let ran = Atomic(0)
            #expect(throws: Failure(piece: 3)) {
                try threads.tryForEach(50) { piece, _ in
                    ran.add(1, ordering: .relaxed)
                    if piece % 10 == 3 { throw Failure(piece: piece) }
                }
            }
            let count = ran.load(ordering: .relaxed)
            #expect(count == 50, "an error stops no other piece")
        }
    }

    /// Each of the pool's threads holds the rounds until it ends.
    @Test func threadsStartWhenTheyAreNeededAndEndWithTheLastCopy() {
        var threads: Threads? = Threads(4)
        weak let rounds = threads?.pool?.rounds
        #expect(threads?.pool?.startedCount == 0)
        threads?.forEach(1) { _, _ in }
        #expect(threads?.pool?.startedCount == 0)
        threads?.forEach(3) { _, _ in }
        #expect(threads?.pool?.startedCount == 2)
        var copy = threads
        threads = nil
        copy?.forEach(100) { _, _ in }
        #expect(copy?.pool?.startedCount == 3 && rounds != nil)
        copy = nil
        #expect(rounds == nil)
    }

    /// A value that is up while a thread uses its number.
    private final class Flag: Sendable {
        let isUp = Atomic(false)
    }
}
