import Foundation

/// Cosines of the decoder rows of some latents, as a square of shades: groups of latents that point the same way show.
struct CosineMatrix {
    /// Latents in the order of the picture.
    private let latents: [Int]
    /// [latents][latents]
    private let cosines: [[Double]]

    /// Latents that a picture has room for.
    static let most = 40
    private static let (cell, left, top, shades) = (13.0, 44.0, 4.0, 6)

    /// Takes the first latents; a row and a column for each.
    init(latents: [Int], cosines: [[Double]]) {
        self.latents = Array(latents.prefix(Self.most))
        self.cosines = cosines.prefix(Self.most).map { Array($0.prefix(Self.most)) }
    }

    /// The picture; `number` tells it from others on the page.
    func plot(number: Int, hook: String) -> Plot {
        let size = Double(latents.count) * Self.cell
        var drawing = Drawing()
        for sign in [1.0, -1.0] {
            for shade in 1...Self.shades {
                let path = squares { cosine in
                    cosine * sign > 0
                        && min(Self.shades, Int((abs(cosine) * Double(Self.shades)).rounded(.up))) == shade
                }
                if !path.isEmpty { drawing.path("\(sign > 0 ? "c" : "d")\(shade)", path) }
            }
        }
        for (row, latent) in latents.enumerated() {
            drawing.label("tick", Self.left - 5, Self.top + Self.cell * (Double(row) + 0.8), "\(latent)", .end)
        }
        return Plot(
            name: "cosines-\(number)", title: "Cosines of decoder rows at \(hook)", finding: finding,
            key:
                "A row and a column for each of \(latents.count) latents, in the order of the cards; orange above 0, blue below, in six shades up to 1.",
            width: Self.left + size + 4, height: Self.top + size + 4, content: drawing.text)
    }

    private func squares(_ isMeant: (Double) -> Bool) -> String {
        var path = ""
        for (row, values) in cosines.enumerated() {
            for (column, value) in values.enumerated() where row != column && isMeant(value) {
                let (x, y) = (Self.left + Self.cell * Double(column), Self.top + Self.cell * Double(row))
                path += "M\(Drawing.size(x)) \(Drawing.size(y))h12v12h-12z"
            }
        }
        return path
    }

    /// The pair that is nearest.
    private var finding: String {
        var nearest: (one: Int, other: Int, cosine: Double)?
        for row in latents.indices {
            for column in latents.indices where column > row && abs(cosines[row][column]) > abs(nearest?.cosine ?? 0) {
                nearest = (latents[row], latents[column], cosines[row][column])
            }
        }
        guard let nearest else { return "No two latents point the same way." }
        return
            "Nearest to each other are \(nearest.one) and \(nearest.other), with \(ValueFormat.short(nearest.cosine))."
    }
}
