/// What somebody may have meant by a word that nobody knows.
public enum Suggestion {
    /// Longer words are not looked at: the work grows with the square of the length.
    private static let longest = 100

    /// A hint with the known word that is nearest, or an empty one where none is near.
    public static func hint(for word: String, among known: some Sequence<String>) -> String {
        nearest(to: word, among: known).map { "did you mean '\($0)'?" } ?? ""
    }

    /// The known word that takes the fewest changes of a letter, of equals the first; nil where it takes more than a third of
    /// its letters, or one, and where nothing would be left of the word.
    static func nearest(to word: String, among known: some Sequence<String>) -> String? {
        guard word.count <= longest else { return nil }
        var best: (word: String, changes: Int)?
        for candidate in known where candidate.count <= longest && candidate != word {
            let changes = changes(Array(word.lowercased()), Array(candidate.lowercased()))
            guard changes <= max(1, candidate.count / 3), changes < max(word.count, candidate.count),
                changes < best?.changes ?? .max
            else { continue }
            best = (candidate, changes)
        }
        return best?.word
    }

    /// Letters to insert, leave out or replace, and neighbours to swap: the optimal string alignment distance.
    private static func changes(_ one: [Character], _ other: [Character]) -> Int {
        var beforeLast: [Int] = []
        var last = Array(0...other.count)
        for i in one.indices {
            var row = [i + 1]
            for j in other.indices {
                var least = min(last[j + 1] + 1, row[j] + 1, last[j] + (one[i] == other[j] ? 0 : 1))
                if i > 0, j > 0, one[i] == other[j - 1], one[i - 1] == other[j] {
                    least = min(least, beforeLast[j - 1] + 1)
                }
                row.append(least)
            }
            (beforeLast, last) = (last, row)
        }
        return last[other.count]
    }
}
