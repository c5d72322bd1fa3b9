import Wire

/// What is due when, the earliest first: a binary heap.
struct DueTimes {
    /// A computation that ends.
    struct Entry {
        var at: Double
        var worker: Int
        var lease: LeaseID
    }

    private var heap: [Entry] = []

    /// The earliest time.
    var first: Double? { heap.first?.at }

    mutating func add(_ lease: LeaseID, worker: Int, at: Double) {
        heap.append(Entry(at: at, worker: worker, lease: lease))
        var child = heap.count - 1
        while child > 0, heap[child].at < heap[(child - 1) / 2].at {
            heap.swapAt(child, (child - 1) / 2)
            child = (child - 1) / 2
        }
    }

    /// Takes the earliest out where its time has come.
    mutating func takeDue(at now: Double) -> Entry? {
        guard let earliest = heap.first, earliest.at <= now, let last = heap.popLast() else { return nil }
        guard !heap.isEmpty else { return earliest }
        heap[0] = last
        var parent = 0
        while true {
            var smallest = parent
            for child in [2 * parent + 1, 2 * parent + 2] where child < heap.count {
                if heap[child].at < heap[smallest].at { smallest = child }
            }
            if smallest == parent { return earliest }
            heap.swapAt(parent, smallest)
            parent = smallest
        }
    }
}
