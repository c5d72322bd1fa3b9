import Synchronization

/// A number of threads to spread independent pieces of work over: the calling one, and others that are started when they
/// are first needed and end with the last copy of this value.
public struct Threads: Sendable {
    /// How many threads work at the same time, at least one.
    public let count: Int
    /// Nil for one thread.
    let pool: ThreadPool?

    /// Uses up to `count` threads. They are bound to processors where the calling thread may run on as many.
    public init(_ count: Int) {
        self.count = max(1, count)
        pool = count > 1 ? ThreadPool(count) : nil
    }

    /// Runs `body` for the pieces 0 ..< `pieces`, each once, and returns when all are done.
    ///
    /// `body` gets the piece and the number of the thread (0 ..< `count`), by which it may choose its scratch memory.
    /// Which thread takes which piece is not fixed, so what a piece writes must depend on the piece alone.
    ///
    /// While it runs, another call, from a body or from another thread, does all of its pieces itself, as number 0. So a
    /// number stands for one thread within one call only: scratch memory that is chosen by it belongs to the call.
    public func forEach(_ pieces: Int, _ body: (_ piece: Int, _ thread: Int) -> Void) {
        let isDone =
            pieces > 1
            && withoutActuallyEscaping(body) { body in pool?.run(pieces, DisjointBody(call: body)) ?? false }
        guard !isDone else { return }
        for piece in 0..<pieces { body(piece, 0) }
    }

    /// Like `forEach` for a body that throws; of several errors the one of the lowest piece is thrown, after all are done.
    public func tryForEach(_ pieces: Int, _ body: (_ piece: Int, _ thread: Int) throws -> Void) throws {
        let failure = Mutex<(piece: Int, error: any Error)?>(nil)
        forEach(pieces) { piece, thread in
            do {
                try body(piece, thread)
            } catch {
                failure.withLock { held in
                    if held.map({ $0.piece > piece }) ?? true { held = (piece, error) }
                }
            }
        }
        if let held = failure.withLock({ $0 }) { throw held.error }
    }

    /// Runs `body` for consecutive ranges of at most `size` that cover 0 ..< `total`.
    public func forEachChunk(of total: Int, size: Int, _ body: (_ rows: Range<Int>, _ thread: Int) -> Void) {
        forEach((total + size - 1) / size) { piece, thread in
            body(piece * size..<min(total, (piece + 1) * size), thread)
        }
    }

    /// Consecutive ranges that cover 0 ..< `total`. Each has at most `size` elements, and all but the last a multiple
    /// of `step`; `size` is one, too.
    ///
    /// Threads should end together. So a few rows are divided evenly, or nearly. Of many rows, each range takes at most
    /// half of what is left for each thread, down to ten times `step`: a thread that is slow or was interrupted takes
    /// fewer ranges.
    public func chunks(of total: Int, atMost size: Int, multipleOf step: Int) -> [Range<Int>] {
        let smallest = min(size, 10 * step)
        let rounds = max(1, (total + size * count - 1) / (size * count))
        let even = ((total + rounds * count - 1) / (rounds * count) + step - 1) / step * step
        let isGuided = count > 1 && total >= 4 * count * smallest
        var chunks: [Range<Int>] = []
        var start = 0
        while start < total {
            let share = (total - start) / (2 * count) / step * step
            let next = start + (isGuided ? min(size, max(smallest, share)) : even)
            chunks.append(start..<min(next, total))
            start = next
        }
        return chunks
    }
}

/// The project's one `@unchecked Sendable`: a loop body that several threads call at once.
///
/// Sound because `forEach` calls it for different pieces only, returns after the last call, and asks of its callers that
/// pieces write to disjoint memory.
struct DisjointBody: @unchecked Sendable {
    let call: (Int, Int) -> Void
}
