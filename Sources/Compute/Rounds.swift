import Synchronization

/// What the threads of a pool share: the pieces of one round after another, and who is at work.
///
/// A round is open until its caller finds no more pieces. It ends when all threads that entered have left: one that wakes
/// too late is not waited for.
final class Rounds: Sendable {
    /// A round's work.
    private struct Work: Sendable {
        let pieces: Int
        let body: DisjointBody
    }

    /// The state is one number, so that nobody enters a round that is closed: how many of the pool's threads are at work,
    /// whether the round is open, and its number.
    private enum State {
        static let atWork: UInt64 = 1 << 24 - 1
        static let open: UInt64 = 1 << 24
        static let shift: UInt64 = 25
        /// Of no round.
        static let stopped = UInt64.max
    }

    private let state = Atomic<UInt64>(0)
    private let work = Mutex<Work?>(nil)
    private let next = Atomic(0)
    private let caller = Sleeper()
    private let sleepers: [Sleeper]
    private let spins: Int

    /// Rounds of a calling thread and `count` - 1 others, which look `spins` times for something to do before they sleep.
    init(count: Int, spins: Int) {
        sleepers = (1..<count).map { _ in Sleeper() }
        self.spins = spins
    }

    /// Runs `body` for all pieces on the calling thread, which is number 0, and on the first `others` of the pool's. One
    /// thread may call it at a time.
    func run(_ pieces: Int, _ body: DisjointBody, others: Int) {
        work.withLock { $0 = Work(pieces: pieces, body: body) }
        next.store(0, ordering: .relaxed)
        let round = (state.load(ordering: .relaxed) >> State.shift) &+ 1
        state.store(round << State.shift | State.open, ordering: .sequentiallyConsistent)
        for sleeper in sleepers.prefix(others) { sleeper.wake() }
        takePieces(0)
        state.bitwiseAnd(~State.open, ordering: .sequentiallyConsistent)
        caller.wait(spins: spins) { state.load(ordering: .sequentiallyConsistent) & State.atWork == 0 }
        work.withLock { $0 = nil }
    }

    /// Takes part in all rounds, as one of the pool's threads, until `stop`.
    func takePart(_ thread: Int) {
        let sleeper = sleepers[thread - 1]
        var last: UInt64 = 0
        while true {
            sleeper.wait(spins: spins) {
                let state = state.load(ordering: .sequentiallyConsistent)
                return state == State.stopped || Self.isNew(state, after: last)
            }
            if state.load(ordering: .relaxed) == State.stopped { return }
            guard let round = enter(after: last) else { continue }
            last = round
            takePieces(thread)
            leave()
        }
    }

    /// Ends `takePart` on all threads. No round may be open.
    func stop() {
        state.store(State.stopped, ordering: .sequentiallyConsistent)
        for sleeper in sleepers { sleeper.wake() }
    }

    private static func isNew(_ state: UInt64, after last: UInt64) -> Bool {
        state & State.open != 0 && state >> State.shift != last
    }

    /// The number of the round that the thread is now part of; nil where it came too late.
    private func enter(after last: UInt64) -> UInt64? {
        var seen = state.load(ordering: .relaxed)
        while seen != State.stopped, Self.isNew(seen, after: last) {
            let (isIn, now) = state.weakCompareExchange(
                expected: seen, desired: seen + 1, ordering: .sequentiallyConsistent)
            if isIn { return seen >> State.shift }
            seen = now
        }
        return nil
    }

    private func leave() {
        let left = state.subtract(1, ordering: .sequentiallyConsistent).newValue
        if left & (State.open | State.atWork) == 0 { caller.wake() }
    }

    /// Never inlined: when it returns, the thread holds no reference to the body, which must not outlive the round.
    @inline(never) private func takePieces(_ thread: Int) {
        guard let work = work.withLock({ $0 }) else { return }
        while true {
            let piece = next.wrappingAdd(1, ordering: .relaxed).oldValue
            guard piece < work.pieces else { return }
            work.body.call(piece, thread)
        }
    }
}
