import Inputs

/// Reads a `ColumnCondition` by recursive descent: `or` binds least, then `and`, `not`, the relations, `+` and `-`, `*`.
struct ConditionParser {
    private struct Word {
        let text: String
        /// The character where it begins, from 1.
        let at: Int
    }

    /// Recursion goes no deeper than there are words.
    private static let longest = 1000
    private static let names = "a name of a column, a number or abs(…)"

    private let place: String
    private let text: String
    private var words: [Word] = []
    private var next = 0

    init(_ text: String, place: String) {
        (self.text, self.place) = (text, place)
        var rest = Array(text)[...]
        while let first = rest.first {
            let at = rest.startIndex + 1
            if first.isWhitespace {
                rest.removeFirst()
            } else if let symbol = ["<=", ">=", "!=", "==", "<", ">", "=", "(", ")", "*", "+"].first(where: {
                rest.starts(with: $0)
            }) {
                words.append(Word(text: symbol == "==" ? "=" : symbol, at: at))
                rest.removeFirst(symbol.count)
            } else {
                let word = rest.prefix { !$0.isWhitespace && !"<>!=()*+".contains($0) || Self.isExponent($0, rest) }
                words.append(Word(text: word.isEmpty ? String(first) : String(word), at: at))
                rest.removeFirst(max(1, word.count))
            }
        }
    }

    /// `1e+5` is one word.
    private static func isExponent(_ character: Character, _ rest: ArraySlice<Character>) -> Bool {
        character == "+" && rest.first?.isNumber == true
            && rest.prefix { $0 != "+" }.allSatisfy { $0.isNumber || $0 == "." || $0 == "e" || $0 == "E" }
            && rest.prefix { $0 != "+" }.last?.lowercased() == "e"
    }

    mutating func whole() throws -> ColumnCondition.Test {
        guard text.count <= Self.longest else {
            throw InputError(
                place, expected: "a condition of at most \(Self.longest) characters", found: "\(text.count)",
                kind: .usage)
        }
        let test = try alternatives()
        guard next == words.count else { throw error("and, or, or the end") }
        return test
    }

    private mutating func alternatives() throws -> ColumnCondition.Test {
        var tests = [try conjunction()]
        while take("or") { tests.append(try conjunction()) }
        return tests.count == 1 ? tests[0] : .any(tests)
    }

    private mutating func conjunction() throws -> ColumnCondition.Test {
        var tests = [try negation()]
        while take("and") { tests.append(try negation()) }
        return tests.count == 1 ? tests[0] : .all(tests)
    }

    private mutating func negation() throws -> ColumnCondition.Test {
        if take("not") { return .not(try negation()) }
        if take("(") {
            let test = try alternatives()
            guard take(")") else { throw error(")") }
            return test
        }
        let left = try sum()
        guard let relation = ColumnCondition.Relation.allCases.first(where: { $0.rawValue == word?.text }) else {
            throw error("one of < <= > >= = !=")
        }
        next += 1
        return .comparison(left, relation, try sum())
    }

    private mutating func sum() throws -> ColumnCondition.Side {
        var side = try product()
        while let sign = word?.text, sign == "+" || sign == "-" {
            next += 1
            let right = try product()
            side = sign == "+" ? .sum(side, right) : .difference(side, right)
        }
        return side
    }

    private mutating func product() throws -> ColumnCondition.Side {
        var side = try operand()
        while take("*") { side = .product(side, try operand()) }
        return side
    }

    private mutating func operand() throws -> ColumnCondition.Side {
        guard let word else { throw error(Self.names) }
        if let number = Double(word.text), number.isFinite {
            next += 1
            return .number(number)
        }
        if word.text == "abs", next + 1 < words.count, words[next + 1].text == "(" {
            next += 2
            let side = try sum()
            guard take(")") else { throw error(")") }
            return .absolute(side)
        }
        guard let first = word.text.first, first.isLetter, !["and", "or", "not"].contains(word.text) else {
            throw error(Self.names)
        }
        next += 1
        return .column(word.text)
    }

    private var word: Word? { next < words.count ? words[next] : nil }

    private mutating func take(_ text: String) -> Bool {
        guard word?.text == text else { return false }
        next += 1
        return true
    }

    private func error(_ expected: String) -> InputError {
        InputError(
            "\(place), character \(word?.at ?? text.count + 1)", expected: expected,
            found: word.map { "'\($0.text)'" } ?? "the end of '\(text)'",
            hint: "such as: q < 0.05 and density_tuned < 2 * density_base", kind: .usage)
    }
}
