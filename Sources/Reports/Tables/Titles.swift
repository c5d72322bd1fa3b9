/// The titles of one table for rows that do not all have the same columns.
enum Titles {
    /// All of them, in the order of the longest list; what only others have comes after what it follows there.
    static func union(_ lists: [[String]]) -> [String] {
        var all = lists.max { $0.count < $1.count } ?? []
        for list in lists {
            var at = 0
            for title in list {
                if let place = all.firstIndex(of: title) {
                    at = place + 1
                } else {
                    all.insert(title, at: at)
                    at += 1
                }
            }
        }
        return all
    }
}
