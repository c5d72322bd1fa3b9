/// Latents as points on a plane: some are drawn, all others are counted in squares, so that a dictionary of a hundred
/// thousand latents is as readable, and nearly as small, as one of a thousand.
struct ScatterPlot {
    /// Which way a latent moved. Shapes say it besides colours.
    enum Mark: String {
        case rose, fell, still
    }

    struct Point {
        let latent: Int
        let x: Double
        let y: Double
    }

    /// A point that is drawn, with what is told about it.
    struct Dot {
        let point: Point
        let mark: Mark
        let title: String
    }

    struct Axis {
        let scale: Scale
        let title: String
    }

    enum Guide {
        /// Where both axes have the same value.
        case diagonal
        case vertical(Double)
        case horizontal(Double, label: String)
    }

    let x: Axis
    let y: Axis
    let dots: [Dot]
    let others: [Point]
    let guides: [Guide]

    static let (width, height) = (560.0, 400.0)
    private static let (left, right, top, bottom) = (62.0, 14.0, 14.0, 52.0)
    /// Squares to the right and up.
    private static let (columns, rows) = (60, 40)
    /// Latents up to which a square has the first, second and further shades; the last has all above.
    static let shades = [1, 4, 16, 64]

    /// The elements of the picture.
    var content: String {
        var drawing = Drawing()
        squares(&drawing)
        frame(&drawing)
        for guide in guides { draw(guide, &drawing) }
        for dot in dots { draw(dot, &drawing) }
        return drawing.text
    }

    private func horizontal(_ share: Double) -> Double { Self.left + share * (Self.width - Self.left - Self.right) }
    private func vertical(_ share: Double) -> Double {
        Self.height - Self.bottom - share * (Self.height - Self.top - Self.bottom)
    }

    /// One path a shade, with a thick line over every run of squares that have it.
    private func squares(_ drawing: inout Drawing) {
        var counts = [Int](repeating: 0, count: Self.columns * Self.rows)
        for point in others {
            let column = min(Self.columns - 1, Int(x.scale.place(point.x) * Double(Self.columns)))
            let row = min(Self.rows - 1, Int(y.scale.place(point.y) * Double(Self.rows)))
            counts[row * Self.columns + column] += 1
        }
        let shades = counts.map { count in Self.shades.count { count > $0 } + (count > 0 ? 1 : 0) }
        let height = vertical(0) - vertical(1 / Double(Self.rows))
        for shade in 1...Self.shades.count + 1 {
            var path = ""
            var at = 0
            while at < shades.count {
                guard shades[at] == shade else {
                    at += 1
                    continue
                }
                let (row, first) = (at / Self.columns, at)
                while at < (row + 1) * Self.columns, shades[at] == shade { at += 1 }
                let (begin, end) = (
                    horizontal(Double(first - row * Self.columns) / Double(Self.columns)),
                    horizontal(Double(at - row * Self.columns) / Double(Self.columns))
                )
                let middle = vertical((Double(row) + 0.5) / Double(Self.rows))
                path += "M\(Drawing.size(begin)) \(Drawing.size(middle))H\(Drawing.size(end))"
            }
            if !path.isEmpty { drawing.path("many shade\(shade)", path, stroke: height) }
        }
    }

    private func frame(_ drawing: inout Drawing) {
        let (base, end) = (vertical(0), horizontal(1))
        for tick in x.scale.ticks {
            let place = horizontal(x.scale.place(tick.value))
            drawing.line("grid", place, base, place, vertical(1))
            drawing.label("tick", place, base + 16, tick.label, .middle)
        }
        for tick in y.scale.ticks {
            let place = vertical(y.scale.place(tick.value))
            drawing.line("grid", horizontal(0), place, end, place)
            drawing.label("tick", horizontal(0) - 7, place + 4, tick.label, .end)
        }
        drawing.line("axis", horizontal(0), base, end, base)
        drawing.line("axis", horizontal(0), base, horizontal(0), vertical(1))
        drawing.label("name", (horizontal(0) + end) / 2, Self.height - 12, x.title, .middle)
        drawing.label("name", 15, (base + vertical(1)) / 2, y.title, .middle, isTurned: true)
    }

    private func draw(_ guide: Guide, _ drawing: inout Drawing) {
        switch guide {
        case .diagonal:
            let (low, high) = (max(x.scale.low, y.scale.low), min(x.scale.high, y.scale.high))
            drawing.line(
                "guide", horizontal(x.scale.place(low)), vertical(y.scale.place(low)),
                horizontal(x.scale.place(high)), vertical(y.scale.place(high)))
        case .vertical(let value):
            let place = horizontal(x.scale.place(value))
            drawing.line("guide", place, vertical(0), place, vertical(1))
        case .horizontal(let value, let label):
            let place = vertical(y.scale.place(value))
            drawing.line("guide", horizontal(0), place, horizontal(1), place)
            drawing.label("note", horizontal(1) - 4, place - 5, label, .end)
        }
    }

    private func draw(_ dot: Dot, _ drawing: inout Drawing) {
        let (x, y) = (horizontal(x.scale.place(dot.point.x)), vertical(y.scale.place(dot.point.y)))
        let path =
            switch dot.mark {
            case .rose: "M\(Drawing.size(x)) \(Drawing.size(y - 4.5))l4.2 7.4h-8.4z"
            case .fell: "M\(Drawing.size(x)) \(Drawing.size(y + 4.5))l4.2 -7.4h-8.4z"
            case .still: "M\(Drawing.size(x - 3)) \(Drawing.size(y))a3 3 0 1 0 6 0a3 3 0 1 0 -6 0z"
            }
        drawing.path("dot \(dot.mark.rawValue)", path, latent: dot.point.latent, title: dot.title)
    }
}
