import Inputs
import Latents

/// Both ends of the rankings of a bundle.
public struct RankingReport {
    /// How latents are ranked, and how many of them are shown.
    public struct Order: Sendable {
        public var by: RankColumn
        /// Rows from the top, and from the bottom.
        public var top: Int
        public var bottom: Int
        /// Only latents for which it holds; nil for all.
        public var condition: ColumnCondition?

        /// Makes an order.
        public init(by: RankColumn, top: Int, bottom: Int, condition: ColumnCondition? = nil) {
            (self.by, self.top, self.bottom, self.condition) = (by, top, bottom, condition)
        }
    }

    /// One tuned checkpoint at one hook under one mask.
    struct Part {
        let entry: ResultBundle.Entry
        let ranking: Ranking
        /// Latents for which the condition holds; nil without a condition.
        let meeting: Int?
    }

    let bundle: ResultBundle
    let order: Order
    let parts: [Part]
    /// What is to be said besides: that the bundle is partial, and which results are left out for want of a column.
    public private(set) var remarks: [String] = []

    /// Ranks the results of a bundle that are wanted. Results that lack a column, as controls lack the differences to
    /// themselves, are left out. Throws `InputError` where no result has the columns, and for a bundle whose files were changed.
    public init(_ bundle: ResultBundle, _ selection: ResultSelection, _ order: Order) throws {
        (self.bundle, self.order) = (bundle, order)
        if let partial = bundle.partial { remarks.append("\(partial); the manifest names them") }
        if let verification = try Verification(of: bundle), verification.skipped > 0 {
            remarks.append("\(verification)")
        }
        if let duplicates = try PromptRecords(of: bundle)?.duplicates() { remarks.append(duplicates) }
        var parts: [Part] = []
        var known: [String] = []
        var lacking: [String] = []
        var wanted: Set<String> = []
        for entry in try selection.entries(of: bundle) {
            let columns = try bundle.columns(of: entry)
            let names = RankColumn.names(with: columns.names)
            known += names.filter { !known.contains($0) }
            guard order.names.isSubset(of: names) else {
                lacking.append("\(entry.tuned) at \(entry.hook), mask \(entry.mask.rawValue)")
                wanted.formUnion(order.names.subtracting(names))
                continue
            }
            let meeting = try order.condition?.latents(in: columns)
            parts.append(
                Part(
                    entry: entry,
                    ranking: try Ranking(
                        columns, by: order.by, top: order.top, bottom: order.bottom, among: meeting,
                        latentNames: entry.names), meeting: meeting?.count))
        }
        guard !parts.isEmpty else {
            try order.check(columns: known)
            throw InputError(
                "--rank-by and --where", expected: "columns that one result has together",
                found: order.names.sorted().joined(separator: ", "), kind: .usage)
        }
        if !lacking.isEmpty {
            remarks.append(
                "left out, for want of \(wanted.sorted().joined(separator: ", ")): \(lacking.joined(separator: "; "))")
        }
        self.parts = parts
    }

    /// In the form that is asked for. More than two results are summed up in a text, unless all tables are asked for.
    public func printout(_ form: Printout.Form, allTables: Bool) throws -> Printout {
        switch form {
        case .csv: csv
        case .json: .json(.array(parts.map(json)))
        case .table: .text(parts.count > 2 && !allTables ? summary : parts.map(table).joined(separator: "\n"))
        }
    }

    /// One table for all results. A column that only some results have is empty for the others. A partial result says on every
    /// line how many shards and prompts it lacks.
    private var csv: Printout {
        let header = Titles.union(parts.map(\.ranking.csvHeader))
        let lacking = bundle.partial.map {
            [("shards_missing", $0.shardsMissing), ("prompts_missing", $0.promptsMissing)]
        }
        let (names, counts) = (lacking?.map(\.0) ?? [], lacking?.map { "\($0.1)" } ?? [])
        var rows = [["tuned", "hook", "mask"] + names + header]
        for part in parts {
            for row in part.ranking.fields {
                let fields = Dictionary(zip(part.ranking.csvHeader, row)) { first, _ in first }
                rows.append(
                    [part.entry.tuned, part.entry.hook, part.entry.mask.rawValue] + counts
                        + header.map { fields[$0] ?? "" })
            }
        }
        return .csv(rows)
    }

    private func json(_ part: Part) -> Document.Value {
        var members = part.ranking.json
        members["tuned"] = .string(part.entry.tuned)
        members["hook"] = .string(part.entry.hook)
        members["mask"] = .string(part.entry.mask.rawValue)
        if let condition = order.condition { members["where"] = .string(condition.text) }
        if let meeting = part.meeting { members["latents_where"] = .integer(meeting) }
        if let partial = bundle.partial { members["partial"] = .string("\(partial)") }
        return .object(members)
    }

    /// The rows of the top, without those that did not rise where the order is by a change.
    func risen(_ part: Part) -> [Ranking.Row] {
        order.by.sense == .change ? part.ranking.top.filter { $0.value > 0 } : part.ranking.top
    }

    /// The rows of the bottom, without those that did not fall where the order is by a change.
    func fallen(_ part: Part) -> [Ranking.Row] {
        order.by.sense == .change ? part.ranking.bottom.filter { $0.value < 0 } : part.ranking.bottom
    }

    private func end(_ rows: [Ranking.Row], _ title: String, _ ranking: Ranking) -> String {
        "\n  \(Printable.line(title))\(rows.isEmpty ? ": none" : "\n\(RankingTable(rows, of: ranking))")\n"
    }

    private func table(_ part: Part) -> String {
        let entry = part.entry
        var lines = [
            """
            \(Printable.line(entry.tuned))\(entry.control ? " (control)" : "") at \(Printable.line(entry.hook)), mask \(entry.mask.rawValue): \
            \(entry.prompts) prompts, \(entry.tokens) tokens, \(entry.fired) of \(entry.latents) latents fired
            """
        ]
        if let partial = bundle.partial { lines.append("\(partial)") }
        lines.append(entry.splitHalf.text(by: bundle.rankBy))
        if let condition = order.condition, let meeting = part.meeting {
            lines.append("only the \(meeting) latents where \(Printable.line(condition.text))")
        }
        if order.top > 0 { lines.append(end(risen(part), order.by.topTitle, part.ranking)) }
        if order.bottom > 0 { lines.append(end(fallen(part), order.by.bottomTitle, part.ranking)) }
        return lines.joined(separator: "\n")
    }
}

extension RankingReport.Order {
    /// The columns that it needs.
    var names: Set<String> { (condition?.columns ?? []).union([by.name]) }

    /// Throws `InputError` of kind `usage` for a column that is not among these.
    public func check(columns known: [String]) throws {
        for name in names.sorted() where !known.contains(name) {
            throw InputError(
                name == by.name ? "--rank-by" : "--where", expected: "columns among \(known.joined(separator: ", "))",
                found: name, hint: Suggestion.hint(for: name, among: known), kind: .usage)
        }
    }
}

extension RankColumn {
    var topTitle: String {
        switch sense {
        case .change: "rose most by \(name)"
        case .size: "largest \(name)"
        case .probability: "smallest \(name)"
        }
    }

    var bottomTitle: String {
        switch sense {
        case .change: "fell most by \(name)"
        case .size: "smallest \(name)"
        case .probability: "largest \(name)"
        }
    }
}
