/// The largest of some values, in order; of equals the lower id first.
struct TopList {
    let limit: Int
    private(set) var entries: [(id: Int, value: Float)] = []

    init(_ limit: Int) {
        self.limit = limit
    }

    /// Takes a value in, if it is among the largest. Ids ascend from call to call.
    mutating func offer(_ id: Int, _ value: Float) {
        if entries.count >= limit {
            guard let last = entries.last, value > last.value else { return }
            entries.removeLast()
        }
        entries.insert((id, value), at: entries.firstIndex { value > $0.value } ?? entries.count)
    }
}
