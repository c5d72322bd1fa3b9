import Inputs
import Latents

/// A condition on the columns of a latent, such as `q < 0.05 and density_tuned < 2 * density_base`.
///
/// Comparisons are `<`, `<=`, `>`, `>=`, `=` and `!=`. They are joined by `and`, `or`, `not` and parentheses. Their sides are
/// numbers, columns, `density`, `abs(…)` of a side, and sums, differences and products of these. `+`, `-` and `*` have blanks
/// around them, since names of columns may hold a `-`.
public struct ColumnCondition: Sendable, Hashable {
    /// As it was written.
    public let text: String
    let root: Test

    /// What is asked of a latent.
    indirect enum Test: Sendable, Hashable {
        case all([Test])
        case any([Test])
        case not(Test)
        case comparison(Side, Relation, Side)
    }

    enum Relation: String, Sendable, Hashable, CaseIterable {
        case lessOrEqual = "<="
        case greaterOrEqual = ">="
        case unequal = "!="
        case less = "<"
        case greater = ">"
        case equal = "="

        func holds(_ left: Double, _ right: Double) -> Bool {
            switch self {
            case .lessOrEqual: left <= right
            case .greaterOrEqual: left >= right
            case .unequal: left != right
            case .less: left < right
            case .greater: left > right
            case .equal: left == right
            }
        }
    }

    /// One side of a comparison.
    indirect enum Side: Sendable, Hashable {
        case number(Double)
        case column(String)
        case absolute(Side)
        case sum(Side, Side)
        case difference(Side, Side)
        case product(Side, Side)
    }

    /// Reads a condition. Throws `InputError` of kind `usage` that says at which character it is wrong; `place` is the option
    /// that it stands in.
    public init(_ text: String, place: String) throws {
        var parser = ConditionParser(text, place: place)
        root = try parser.whole()
        self.text = text
    }

    /// The columns that it asks for.
    public var columns: Set<String> { Self.columns(root) }

    /// The latents for which it holds, ascending. Throws `InputError` where a column is not there.
    public func latents(in columns: LatentColumns) throws -> [Int] {
        let values = try Dictionary(
            uniqueKeysWithValues: self.columns.map { ($0, try RankColumn($0).values(in: columns)) })
        return (0..<columns.latents).filter { latent in
            Self.holds(root) { values[$0].map { $0[latent] } ?? .nan }
        }
    }

    private static func holds(_ test: Test, _ column: (String) -> Double) -> Bool {
        switch test {
        case .all(let tests): tests.allSatisfy { holds($0, column) }
        case .any(let tests): tests.contains { holds($0, column) }
        case .not(let test): !holds(test, column)
        case .comparison(let left, let relation, let right): relation.holds(value(left, column), value(right, column))
        }
    }

    private static func value(_ side: Side, _ column: (String) -> Double) -> Double {
        switch side {
        case .number(let number): number
        case .column(let name): column(name)
        case .absolute(let side): abs(value(side, column))
        case .sum(let left, let right): value(left, column) + value(right, column)
        case .difference(let left, let right): value(left, column) - value(right, column)
        case .product(let left, let right): value(left, column) * value(right, column)
        }
    }

    private static func columns(_ test: Test) -> Set<String> {
        switch test {
        case .all(let tests), .any(let tests): tests.reduce(into: []) { $0.formUnion(columns($1)) }
        case .not(let test): columns(test)
        case .comparison(let left, _, let right): columns(left).union(columns(right))
        }
    }

    private static func columns(_ side: Side) -> Set<String> {
        switch side {
        case .number: []
        case .column(let name): [name]
        case .absolute(let side): columns(side)
        case .sum(let left, let right), .difference(let left, let right), .product(let left, let right):
            columns(left).union(columns(right))
        }
    }
}
