import Wire

extension Renewal {
    /// Progress of a lease that waits.
    public static let waiting: UInt64 = 0
    /// Progress of a lease whose result is computed; numbers between are under way.
    public static let finished = UInt64.max
}

extension InstanceID {
    /// Orders workers, so that ties are settled the same way every time.
    var order: (UInt64, UInt64) { (high, low) }
}
