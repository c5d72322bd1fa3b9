/// A table of a page: a caption, titles, and rows of cells that say what they are sorted by.
struct PageTable {
    /// How a column is laid out and sorted.
    enum Kind: String {
        case number, text
        /// A text that may be long, and is broken into lines.
        case prose
        /// A picture, which nothing is sorted by.
        case picture
    }

    struct Column {
        let title: String
        let kind: Kind
        /// What the title means, for those who do not know; empty where it says so itself.
        var meaning = ""
        /// Whether its cells name their rows.
        var isHeader = false
    }

    struct Cell {
        let content: Markup
        /// What the column is sorted by, where it is not what is shown.
        var value: Double? = nil

        /// A number that is shown as `text`; one that is not finite is shown as a dash.
        static func number(_ value: Double?, _ text: (Double) -> String) -> Cell {
            guard let value, value.isFinite else { return Cell(content: Markup(text: "–")) }
            return Cell(content: Markup(text: text(value)), value: value)
        }

        static func count(_ count: Int) -> Cell { Cell(content: Markup(text: Count.text(count)), value: Double(count)) }
        static func text(_ text: String) -> Cell { Cell(content: Markup(text: text)) }
    }

    struct Row {
        var cells: [Cell]
        /// The latent that it is about, with what the page's filters ask for.
        var latent: Int? = nil
        var q: Double? = nil
        var mark: ScatterPlot.Mark? = nil
        /// Rows of a ranking that are left out before this one.
        var gap = 0
    }

    let caption: String
    let columns: [Column]
    let rows: [Row]
    /// Whether it can be long, so that it scrolls by itself.
    var isLong = false
    /// Whether the script may sort it, for which its cells have their values in full.
    var isSortable = true

    var fields: Fields {
        [
            "caption": Markup(text: caption, atMost: 2000), "isLong": isLong,
            "columns": columns.map { column in
                [
                    "columnTitle": Markup(text: column.title),
                    "kind": Markup(source: isSortable ? " data-kind=\"\(column.kind.rawValue)\"" : ""),
                    "columnStyle": Markup(source: Self.style(column)), "meaning": Markup(text: column.meaning),
                    "hasMeaning": isSortable && !column.meaning.isEmpty,
                ] as Fields
            },
            "rows": rows.map(fields),
        ]
    }

    private func fields(_ row: Row) -> Fields {
        var marks = ""
        if let latent = row.latent { marks += " data-latent=\"\(latent)\"" }
        if let q = row.q { marks += " data-q=\"\(q)\"" }
        if let mark = row.mark { marks += " data-way=\"\(mark.rawValue)\"" }
        return [
            "marks": Markup(source: marks), "hasGap": row.gap > 0,
            "gap": Markup(text: Count.text(row.gap)), "span": Markup(text: "\(columns.count)"),
            "cells": zip(columns, row.cells).map { column, cell in
                [
                    "isHeader": column.isHeader, "style": Markup(source: Self.style(column)), "content": cell.content,
                    "sorted": Markup(source: cell.value.map { isSortable ? " data-v=\"\(Self.full($0))\"" : "" } ?? ""),
                ] as Fields
            },
        ]
    }

    /// Numbers need no style, since most cells are numbers.
    private static func style(_ column: Column) -> String {
        switch column.kind {
        case .text: " class=\"text\""
        case .prose: " class=\"text prose\""
        case .number, .picture: ""
        }
    }

    /// In the shortest digits that read back the same.
    private static func full(_ value: Double) -> String {
        let text = "\(value)"
        return text.hasSuffix(".0") ? String(text.dropLast(2)) : text
    }
}
