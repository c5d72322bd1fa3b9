/// Latents over tuned checkpoints: a small picture for each latent, all with the same scale.
struct TrajectoryPlot {
    /// A latent at one checkpoint.
    struct Point {
        let value: Double
        /// Whether chance hardly explains it.
        let isSure: Bool
        /// Controls stand beside the course, not in it.
        let isControl: Bool
    }

    struct Course {
        let latent: Int
        let title: String
        /// Which way it moved furthest.
        let mark: ScatterPlot.Mark
        /// By checkpoint; nil where it lacks the column.
        let points: [Point?]
    }

    let courses: [Course]

    private static let across = 4
    private static let (cellWidth, cellHeight, left, gap) = (215.0, 112.0, 52.0, 26.0)

    static let width = left + Double(across) * cellWidth
    var height: Double { Double(rows) * (Self.cellHeight + Self.gap) + 30 }
    private var rows: Int { (courses.count + Self.across - 1) / Self.across }
    private var checkpoints: Int { courses.map(\.points.count).max() ?? 0 }

    /// The elements of the picture.
    var content: String {
        var drawing = Drawing()
        let scale = Scale.linear(courses.flatMap { $0.points.compactMap { $0?.value } })
        for (at, course) in courses.enumerated() {
            let x = Self.left + Double(at % Self.across) * Self.cellWidth
            let y = Double(at / Self.across) * (Self.cellHeight + Self.gap) + 20
            draw(
                course, scale, x, y, isFirst: at % Self.across == 0, isLast: at + Self.across >= courses.count, &drawing
            )
        }
        return drawing.text
    }

    private func draw(
        _ course: Course, _ scale: Scale, _ x: Double, _ y: Double, isFirst: Bool, isLast: Bool,
        _ drawing: inout Drawing
    ) {
        let (width, height) = (Self.cellWidth - 18, Self.cellHeight - 20)
        func vertical(_ value: Double) -> Double { y + height * (1 - scale.place(value)) }
        func horizontal(_ at: Int) -> Double { x + width * (Double(at) + 0.5) / Double(max(1, checkpoints)) }
        for tick in scale.ticks {
            let place = vertical(tick.value)
            drawing.line(tick.value == 0 ? "axis" : "grid", x, place, x + width, place)
            if isFirst { drawing.label("tick", x - 7, place + 4, tick.label, .end) }
        }
        drawing.label("name", x, y - 7, course.title)
        let every = max(1, (checkpoints + 11) / 12)
        for at in stride(from: 0, to: isLast ? checkpoints : 0, by: every) {
            drawing.label("tick", horizontal(at), y + height + 17, "\(at + 1)", .middle)
        }
        let places = course.points.enumerated().compactMap { at, point in
            point.map { (point: $0, x: horizontal(at), y: vertical($0.value)) }
        }
        let line = places.filter { !$0.point.isControl }.map { "\(Drawing.size($0.x)) \(Drawing.size($0.y))" }
        if line.count > 1 {
            drawing.path("course \(course.mark.rawValue)", "M" + line.joined(separator: "L"), latent: course.latent)
        }
        for place in places { draw(place.point, course.mark, place.x, place.y, &drawing) }
    }

    private func draw(_ point: Point, _ mark: ScatterPlot.Mark, _ x: Double, _ y: Double, _ drawing: inout Drawing) {
        let path =
            point.isControl
            ? "M\(Drawing.size(x - 3)) \(Drawing.size(y - 3))h6v6h-6z"
            : "M\(Drawing.size(x - 3)) \(Drawing.size(y))a3 3 0 1 0 6 0a3 3 0 1 0 -6 0z"
        drawing.path("\(point.isSure ? "sure" : "unsure") \(mark.rawValue)", path)
    }
}
