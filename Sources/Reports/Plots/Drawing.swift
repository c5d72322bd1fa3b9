/// Parts of an SVG picture, with sizes to a tenth of a unit and every text escaped.
struct Drawing {
    private(set) var text = ""

    /// A straight line.
    mutating func line(_ style: String, _ x1: Double, _ y1: Double, _ x2: Double, _ y2: Double) {
        path(style, "M\(Self.size(x1)) \(Self.size(y1))L\(Self.size(x2)) \(Self.size(y2))")
    }

    /// A path of these commands, drawn as thick as `stroke`, where that is said; `latent` is the latent that it stands for,
    /// `title` what is told about it.
    mutating func path(
        _ style: String, _ commands: String, latent: Int? = nil, title: String? = nil, stroke: Double? = nil
    ) {
        text += "<path class=\"\(style)\" d=\"\(commands)\""
        if let stroke { text += " stroke-width=\"\(Self.size(stroke))\"" }
        if let latent { text += " data-latent=\"\(latent)\"" }
        text += title.map { "><title>\(Markup(text: $0).source)</title></path>\n" } ?? "/>\n"
    }

    enum Anchor: String { case start, middle, end }

    /// A line of text. `turned` runs upwards.
    mutating func label(
        _ style: String, _ x: Double, _ y: Double, _ label: String, _ anchor: Anchor = .start, isTurned: Bool = false
    ) {
        text += "<text class=\"\(style)\" x=\"\(Self.size(x))\" y=\"\(Self.size(y))\""
        if anchor != .start { text += " text-anchor=\"\(anchor.rawValue)\"" }
        if isTurned { text += " transform=\"rotate(-90 \(Self.size(x)) \(Self.size(y)))\"" }
        text += ">\(Markup(text: label).source)</text>\n"
    }

    /// All of it as a small picture of a page, which has no name of its own; `finding` says what is to be seen.
    func picture(width: Double, height: Double, title: String, finding: String) -> Markup {
        let (width, height) = (Self.size(width), Self.size(height))
        return Markup(
            source: """
                <svg class="plot" role="img" viewBox="0 0 \(width) \(height)" width="\(width)" height="\(height)">\
                <title>\(Markup(text: title).source)</title><desc>\(Markup(text: finding).source)</desc>
                \(text)</svg>
                """)
    }

    /// A number to one digit behind the point.
    static func size(_ value: Double) -> String {
        let tenths = Int((min(max(value, -1e6), 1e6) * 10).rounded())
        let whole = "\(tenths < 0 ? "-" : "")\(abs(tenths) / 10)"
        return tenths % 10 == 0 ? whole : "\(whole).\(abs(tenths) % 10)"
    }
}
