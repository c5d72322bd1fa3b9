import Inputs
import Latents

/// The plots of one result: effect against q, and the tuned checkpoint's mean activations against the base's.
struct ResultPlots {
    let plots: [Plot]

    /// `drawn` are the latents that are drawn; those of the others that fired are counted in squares.
    init(
        _ columns: LatentColumns, entry: ResultBundle.Entry, number: Int, place: String, drawn: [Int],
        significant: (rose: Int, fell: Int)
    ) throws {
        let (q, change) = (try columns.required("q"), try columns.required("prompt_delta"))
        let (base, tuned) = (try columns.required("mean_base"), try columns.required("mean_tuned"))
        let isDrawn = Set(drawn)
        let fired = (0..<columns.latents).filter { base[$0] != 0 || tuned[$0] != 0 || change[$0] != 0 }
        let others = fired.filter { !isDrawn.contains($0) }
        let key = Self.key(drawn: drawn.count, others: others.count)
        func dots(_ point: (Int) -> ScatterPlot.Point) -> [ScatterPlot.Dot] {
            // The strongest last, so that they lie above.
            drawn.reversed().map { latent in
                let title = """
                    latent \(latent): mean \(ValueFormat.fixed(base[latent])) → \(ValueFormat.fixed(tuned[latent])), prompt_delta \
                    \(ValueFormat.signed(change[latent])), q \(ValueFormat.probability(q[latent]))
                    """
                return ScatterPlot.Dot(point: point(latent), mark: PageResult.mark(change[latent]), title: title)
            }
        }

        let sizes = fired.map { Scale.minusLog10(q[$0]) }
        func volcano(_ latent: Int) -> ScatterPlot.Point {
            .init(latent: latent, x: change[latent], y: Scale.minusLog10(q[latent]))
        }
        let effect = ScatterPlot(
            x: .init(scale: .symmetric(fired.map { change[$0] }), title: "prompt_delta (mean rise a prompt)"),
            y: .init(scale: .linear(sizes + [2]), title: "−log₁₀ q"), dots: dots(volcano), others: others.map(volcano),
            guides: [
                .vertical(0),
                .horizontal(Scale.minusLog10(PageResult.significance), label: "q = \(PageResult.significance)"),
            ])

        let isSigned = fired.contains { base[$0] < 0 || tuned[$0] < 0 }
        let means = fired.flatMap { [base[$0], tuned[$0]] }
        let scale = isSigned ? Scale.symmetric(means) : Scale.logarithmic(means)
        func both(_ latent: Int) -> ScatterPlot.Point { .init(latent: latent, x: base[latent], y: tuned[latent]) }
        let comparison = ScatterPlot(
            x: .init(scale: scale, title: "mean activation, base"),
            y: .init(scale: scale, title: "mean activation, \(Self.short(entry.tuned))"), dots: dots(both),
            others: others.map(both), guides: [.diagonal])

        let fresh = fired.count { base[$0] == 0 && tuned[$0] > 0 }
        let gone = fired.count { base[$0] > 0 && tuned[$0] == 0 }
        let (rose, fell) = (fired.count { tuned[$0] > base[$0] }, fired.count { tuned[$0] < base[$0] })
        let silent =
            fresh + gone > 0
            ? "; \(Count.text(fresh)) fired in \(entry.tuned) only, \(Count.text(gone)) in the base only" : ""
        plots = [
            Plot(
                name: "effect-\(number)", title: "Effect against q: \(place)",
                finding: Self.finding(fired: fired, change, q, significant), key: key,
                width: ScatterPlot.width, height: ScatterPlot.height, content: effect.content),
            Plot(
                name: "means-\(number)", title: "Base against tuned: \(place)",
                finding: """
                    Of \(Count.text(fired.count, "latent")) that fired, \(Count.text(rose)) are more active in \(entry.tuned) than in the \
                    base and \(Count.text(fell)) less\(silent).
                    """, key: key, width: ScatterPlot.width, height: ScatterPlot.height, content: comparison.content),
        ]
    }

    private static func finding(
        fired: [Int], _ change: [Double], _ q: [Double], _ significant: (rose: Int, fell: Int)
    ) -> String {
        var text = """
            Of \(Count.text(fired.count, "latent")) that fired, \(Count.text(significant.rose)) rose and \
            \(Count.text(significant.fell)) fell with q < \(PageResult.significance).
            """
        func add(_ latent: Int?, _ what: String) {
            guard let latent else { return }
            text += """
                 Latent \(latent) \(what) most, by \(ValueFormat.signed(change[latent])) (q \(ValueFormat.probability(q[latent]))).
                """
        }
        // Of equals the lower latent.
        let (rose, fell) = (fired.filter { change[$0] > 0 }, fired.filter { change[$0] < 0 })
        add(rose.max { (change[$0], $1) < (change[$1], $0) }, "rose")
        add(fell.min { (change[$0], $0) < (change[$1], $1) }, "fell")
        return text
    }

    private static func key(drawn: Int, others: Int) -> String {
        let shades = ScatterPlot.shades.map { "\($0)" }.joined(separator: ", ")
        let triangles = "Triangles, upwards for a rise: the \(Count.text(drawn, "latent")) of the table below."
        let squares = """
            Squares: \(drawn > 0 ? "the other " : "")\(Count.text(others, "latent")) that fired, by number (to \(shades), more).
            """
        return [drawn > 0 ? triangles : nil, others > 0 ? squares : nil].compactMap { $0 }.joined(separator: " ")
    }

    private static func short(_ name: String) -> String { name.count > 32 ? name.prefix(31) + "…" : name }
}
