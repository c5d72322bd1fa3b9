/// How many lines of a kind may be logged: some at once, then one in so many seconds. Strangers must not be able to fill a
/// disk, and a disk that is full must not hide everything else.
///
/// Each line tells how many of its kind there have been, so that gaps show.
struct LogAllowance<Kind: Hashable> {
    /// Lines that may come at once.
    let burst: Double
    /// Seconds until there may be another one.
    let seconds: Double

    private var left: [Kind: (lines: Double, at: Double)] = [:]

    /// Nothing taken yet.
    init(burst: Double = 20, seconds: Double = 1) {
        self.burst = burst
        self.seconds = seconds
    }

    /// Takes one line of a kind, at a time in seconds that does not go back; false where none is left.
    mutating func take(_ kind: Kind, at now: Double) -> Bool {
        let before = left[kind] ?? (burst, now)
        let lines = min(burst, before.lines + (now - before.at) / seconds)
        left[kind] = (lines < 1 ? lines : lines - 1, now)
        return lines >= 1
    }
}
