import Foundation
import Kernels
import Synchronization

/// Threads that stay from one loop to the next: the calling thread is number 0, the others are the pool's own.
///
/// Where there are as many threads as processors in the affinity mask of the thread that makes the pool, each of the
/// pool's own is bound to one: the process has all of them. Elsewhere they are not bound: two workers on a machine would
/// take the same ones. The calling thread is not the pool's and never bound; the system moves it to the processor that
/// the others leave it.
final class ThreadPool: Sendable {
    /// What one of the pool's threads begins with.
    private final class Start: Sendable {
        let rounds: Rounds
        let thread: Int
        let processor: Int?

        init(_ rounds: Rounds, thread: Int, processor: Int?) {
            (self.rounds, self.thread, self.processor) = (rounds, thread, processor)
        }
    }

    /// How often a bound thread looks for work before it sleeps: for some 20 µs, longer than the pause between two
    /// loops of a layer. A loop of 40 µs then takes 2 µs more than its share; it would take 40 µs more if threads slept
    /// at once. Threads that are not bound do sleep at once: they could be in the way of the thread that they wait for.
    private static let spins = 1000
    /// Bytes: the forward pass has deep call chains.
    private static let stackSize = 8 << 20

    let rounds: Rounds
    private let count: Int
    /// The processor of each thread, by its number, where the pool's are bound.
    private let processors: [Int]?
    private let isBusy = Atomic(false)
    /// The pool's threads so far, number 1 first.
    private let started = Mutex<[pthread_t]>([])

    /// A pool of `count` threads, at least two, of which none is started yet.
    init(_ count: Int) {
        self.count = count
        processors = ProcessorSet.ofThisThread().flatMap { $0.numbers.count == count ? $0.numbers : nil }
        rounds = Rounds(count: count, spins: processors == nil ? 0 : Self.spins)
    }

    deinit {
        rounds.stop()
        for thread in started.withLock({ $0 }) { pthread_join(thread, nil) }
    }

    /// Threads that were started so far, besides the calling one. For tests alone: the process has others', too.
    var startedCount: Int { started.withLock { $0.count } }

    /// Runs `body` for all pieces, on several threads; false, with nothing done, where the pool is at work already.
    func run(_ pieces: Int, _ body: DisjointBody) -> Bool {
        guard !isBusy.exchange(true, ordering: .acquiring) else { return false }
        defer { isBusy.store(false, ordering: .releasing) }
        rounds.run(pieces, body, others: start(min(count, pieces) - 1))
        return true
    }

    /// Starts threads until there are `wanted`, or as many as the system allows; returns how many there are to wake.
    private func start(_ wanted: Int) -> Int {
        started.withLock { started in
            while started.count < wanted, let thread = startThread(started.count + 1) { started.append(thread) }
            return min(started.count, wanted)
        }
    }

    private func startThread(_ number: Int) -> pthread_t? {
        var attributes = pthread_attr_t()
        pthread_attr_init(&attributes)
        defer { pthread_attr_destroy(&attributes) }
        pthread_attr_setstacksize(&attributes, Self.stackSize)
        // Signals are for threads that know what they mean; a new thread blocks what its creator does.
        var all = sigset_t()
        var usual = sigset_t()
        sigfillset(&all)
        pthread_sigmask(SIG_SETMASK, &all, &usual)
        defer { pthread_sigmask(SIG_SETMASK, &usual, nil) }
        let start = Unmanaged.passRetained(Start(rounds, thread: number, processor: processors?[number]))
        var thread = pthread_t()
        let error = pthread_create(
            &thread, &attributes,
            { start in
                if let start { ThreadPool.work(Unmanaged<Start>.fromOpaque(start).takeRetainedValue()) }
                return nil
            }, start.toOpaque())
        guard error == 0 else {
            start.release()
            return nil
        }
        return thread
    }

    private static func work(_ start: Start) {
        kernels_thread_name("actdiff-compute")
        if let processor = start.processor { ProcessorSet([processor]).bindThisThread() }
        start.rounds.takePart(start.thread)
    }
}
