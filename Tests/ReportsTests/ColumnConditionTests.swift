import Inputs
import Latents
import TestSupport
import Testing
@testable import Reports

@Suite struct ColumnConditionTests {
    private let columns: LatentColumns

    init() {
        var columns = LatentColumns(latents: 6)
        columns.append("delta", [-2, -1, 0, 1, 2, 3])
        columns.append("q", [0.01, 0.5, 1, 0.05, 0.04, 0.2])
        columns.append("density_base", [0, 0.1, 0.2, 0.3, 0.4, 0.5])
        columns.append("density_tuned", [0.5, 0.1, 0.1, 0.7, 0.4, 0.9])
        columns.append("delta_minus_step-020", [1, 2, 3, 4, 5, 6])
        self.columns = columns
    }

    @Test(
        "what is written is what is looked for",
        arguments: [
            ("q < 0.05", [0, 4]), ("q <= 0.05", [0, 3, 4]), ("q=0.05", [3]), ("q == 0.05", [3]),
            ("q != 0.05", [0, 1, 2, 4, 5]), ("delta > -1", [2, 3, 4, 5]), ("delta>=-1", [1, 2, 3, 4, 5]),
            ("q < 0.05 and delta > 0", [4]), ("q < 0.05 or delta > 2", [0, 4, 5]),
            // `and` binds more than `or`.
            ("delta = 3 or delta = -2 and q > 0.5", [5]), ("(delta = 3 or delta = -2) and q < 0.5", [0, 5]),
            ("not q < 0.05 and delta > 0", [3, 5]), ("not (q < 0.05 and delta > 0)", [0, 1, 2, 3, 5]),
            ("abs(delta) > 1", [0, 4, 5]), ("abs (delta + 1) < 1.5", [0, 1, 2]),
            ("density_tuned > 2 * density_base", [0, 3]),
            ("density_tuned - density_base > 0.3", [0, 3, 5]), ("density > 0.3", [0, 3, 5]),
            ("1 - q * 2 + delta > 2", [4, 5]), ("delta_minus_step-020 >= 5", [4, 5]), ("1e-1 < q", [1, 2, 5]),
            ("q < 1e+0", [0, 1, 3, 4, 5]),
        ])
    func meaning(_ text: String, _ latents: [Int]) throws {
        #expect(try ColumnCondition(text, place: "--where").latents(in: columns) == latents)
    }

    @Test(
        "what is no condition is refused at its character",
        arguments: [
            ("", "--where, character 1: expected a name of a column, a number or abs(…), found the end of ''"),
            ("q <", "--where, character 4: expected a name of a column"), ("q", "character 2: expected one of < <= >"),
            ("q < 0.05 delta > 0", "character 10: expected and, or, or the end, found 'delta'"),
            ("q < 0.05 and", "character 13: expected a name of a column"),
            ("(q < 0.05", "character 10: expected ), found the end"),
            ("abs(q < 1", "character 7: expected ), found '<'"),
            ("q < 0.05)", "character 9: expected and, or, or the end, found ')'"),
            ("q < nan and ; > 1", "character 13: expected a name of a column"),
            ("q ~ 1", "character 3: expected one of"),
            ("and < 1", "character 1: expected a name of a column, a number or abs(…), found 'and'"),
            ("q - 1", "character 6: expected one of"),
        ])
    func refusals(_ text: String, _ expected: String) throws {
        let error = try inputError { _ = try ColumnCondition(text, place: "--where") }
        #expect(error.description.contains(expected) && error.kind == .usage, "\(error)")
    }

    @Test("however deep it is nested, it is read or refused")
    func depth() throws {
        let deep = String(repeating: "(", count: 490) + "q < 1" + String(repeating: ")", count: 490)
        #expect(try ColumnCondition(deep, place: "--where").columns == ["q"])
        let long = String(repeating: "not ", count: 300) + "q < 1"
        #expect(try inputError { _ = try ColumnCondition(long, place: "--where") }.found == "1205")
    }

    @Test("the columns that it needs are known, and one that is not there is an error")
    func needs() throws {
        let condition = try ColumnCondition("abs(t - 1) > 2 or not p < density * q", place: "--where")
        #expect(condition.columns == ["t", "p", "density", "q"])
        #expect(throws: InputError.self) { try condition.latents(in: columns) }
    }
}
