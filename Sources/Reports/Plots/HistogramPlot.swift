import Exemplars
import Kernels

/// How often a latent has which activation, under each model: logarithms of counts, so that the few strong ones show.
struct HistogramPlot {
    private let histogram: LatentPage.Histogram
    private let models: [String]
    private let latent: Int

    private static let (width, height) = (300.0, 84.0)
    private static let (left, bottom) = (4.0, 18.0)

    init(_ histogram: LatentPage.Histogram, models: [String], latent: Int) {
        (self.histogram, self.models, self.latent) = (histogram, models, latent)
    }

    /// The picture, for a page.
    var inPage: Markup {
        let counts = histogram.counts
        let used = counts.flatMap { row in row.indices.filter { row[$0] > 0 } }
        guard let first = used.min(), let last = used.max() else { return Markup(source: "") }
        let most = elementary_log1p(Double(counts.joined().max() ?? 1))
        let step = (Self.width - 2 * Self.left) / Double(last - first + 1)
        let floor = Self.height - Self.bottom
        var drawing = Drawing()
        drawing.line("axis", Self.left, floor, Self.width - Self.left, floor)
        for (model, row) in counts.enumerated() {
            var path = ""
            for bin in first...last {
                let top = floor - (floor - 4) * elementary_log1p(Double(row[bin])) / most
                let x = Self.left + step * Double(bin - first)
                path += "\(path.isEmpty ? "M" : "L")\(Drawing.size(x)) \(Drawing.size(top))H\(Drawing.size(x + step))"
            }
            // The base is a line of its own; tuned checkpoints share a colour, the last one is the strongest.
            drawing.path("course \(model == 0 ? "still" : "rose")", path)
        }
        let edge = { (bin: Int) in ValueFormat.short(Double(bin + histogram.firstBin) * histogram.width) }
        drawing.label("tick", Self.left, Self.height - 4, edge(first))
        drawing.label("tick", Self.width - Self.left, Self.height - 4, edge(last + 1), .end)
        let largest = zip(models, counts).map { model, row in
            "\(model): \(Count.text(row.reduce(0, +), "active token"))"
        }
        return drawing.picture(
            width: Self.width, height: Self.height,
            title: "Activations of latent \(latent), by how many tokens have them",
            finding: largest.joined(separator: "; "))
    }
}
