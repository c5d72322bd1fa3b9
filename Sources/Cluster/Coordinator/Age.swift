/// How long ago something ended, as people write it.
public struct Age: Sendable, Hashable {
    /// What it looks like.
    public static let form = "an age such as 12h or 30d"

    /// Whole seconds, at least 1.
    public var seconds: Int

    /// Reads `90s`, `55m`, `12h` or `30d`, up to a thousand years; nil for anything else.
    public init?(_ text: String) {
        guard text.last?.isNumber == false, let time = Lifetime(text), time.seconds >= 1, time.seconds < 3.2e10 else {
            return nil
        }
        seconds = Int(time.seconds)
    }
}
