/// How many lines of a kind may be logged: some at once, then one a second. Strangers must not be able to fill a disk.
///
/// Lines say the how-manieth of their kind they are about, so that what was left out shows.
struct LogAllowance<Kind: Hashable> {
    /// Lines that may come at once.
    static var burst: Double { 20 }

    private var left: [Kind: (lines: Double, at: Double)] = [:]

    /// Takes one line of a kind, at a time in seconds that does not go back; false where none is left.
    mutating func take(_ kind: Kind, at now: Double) -> Bool {
        let before = left[kind] ?? (Self.burst, now)
        let lines = min(Self.burst, before.lines + now - before.at)
        left[kind] = (lines < 1 ? lines : lines - 1, now)
        return lines >= 1
    }
}
