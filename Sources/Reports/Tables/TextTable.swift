/// Cells in columns, each as wide as its widest cell.
struct TextTable: CustomStringConvertible {
    let description: String

    /// Lays out rows of equal length, the titles first. Numbers stand to the right; the columns that `left` names, to the left.
    init(_ rows: [[String]], left: Set<Int> = []) {
        let widths = rows.first?.indices.map { column in rows.map { $0[column].count }.max() ?? 0 } ?? []
        description = rows.map { row in
            let cells = zip(row, widths).enumerated().map { column, cell in
                let blanks = String(repeating: " ", count: cell.1 - cell.0.count)
                return left.contains(column) ? cell.0 + blanks : blanks + cell.0
            }
            // Blanks at the end of a line show in diffs and nowhere else.
            return String(cells.joined(separator: "  ").reversed().drop { $0 == " " }.reversed())
        }.joined(separator: "\n")
    }
}
