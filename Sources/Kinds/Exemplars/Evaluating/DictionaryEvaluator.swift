import Compute
import Dictionaries
import Evaluation
import Inputs
import Models

/// Looks at decoder rows alone: which latents of the dictionary are near, and which tokens a latent writes.
struct DictionaryEvaluator {
    /// Rows of weights that are read at a time.
    private static let rowsAtOnce = 1024
    /// Latents whose lens is computed at a time: each takes a number for each token of the vocabulary.
    private static let lensesAtOnce = 64
    /// Nearest latents, and tokens at each end of the lens.
    static let (neighbours, lensTokens) = (10, 10)

    let task: ExemplarsTask
    let base: Checkpoint
    let formats: DictionaryFormats
    let threads: Threads

    /// Bytes that it takes besides what it gives.
    static func memory(_ model: Architecture) -> Int {
        4 * (lensesAtOnce * model.vocabularySize + 3 * rowsAtOnce * model.hiddenSize)
    }

    /// Evaluates a hook. `step` is called again and again; what it throws ends that. Throws `InputError`, also for a decoder
    /// row of zeros: it has no direction.
    func evaluate(hook index: Int, step: () throws -> Void) throws -> HookGeometry {
        let hook = task.hooks[index]
        let dictionary = try formats.open(hook.dictionary.path)
        let rows = try dictionary.decoderRows(hook.chosen)
        let units = try zip(hook.chosen, rows).map { latent, row in
            try Self.unit(row, "\(dictionary.path): decoder row of latent \(latent)")
        }
        let nearest = try self.nearest(units, dictionary, hook.chosen, step)
        let lenses = try stride(from: 0, to: units.count, by: Self.lensesAtOnce).flatMap { first in
            try self.lenses(units[first...].prefix(Self.lensesAtOnce).map(\.row), step)
        }
        let latents = units.indices.map { place in
            LatentGeometry(
                decoderNorm: units[place].norm, neighbours: nearest[place], lens: lenses[place])
        }
        return HookGeometry(latents: latents, cosines: Self.cosines(units.map(\.row)))
    }

    /// A row divided by its length, and that.
    private static func unit(_ row: [Float], _ place: String) throws -> (row: [Float], norm: Double) {
        let norm = row.reduce(0.0) { $0 + Double($1) * Double($1) }.squareRoot()
        guard norm > 0 else {
            throw InputError(place, expected: "a vector with a direction", found: "zeros", kind: .configuration)
        }
        return (row.map { Float(Double($0) / norm) }, norm)
    }

    /// [latents, latents], row-major.
    private static func cosines(_ units: [[Float]]) -> [Float] {
        units.flatMap { one in
            units.map { other in Float(zip(one, other).reduce(0.0) { $0 + Double($1.0) * Double($1.1) }) }
        }
    }

    /// Products of unit rows with `count` rows that `read` brings some at a time: `visit` gets them as
    /// [units][rows from `first` on].
    private func products(
        _ units: [[Float]], count: Int, width: Int, _ step: () throws -> Void,
        read: (Range<Int>, UnsafeMutableBufferPointer<Float>) throws -> Void,
        visit: (_ first: Int, _ rows: UnsafeBufferPointer<Float>, _ products: FloatBuffer, _ stride: Int) throws -> Void
    ) throws {
        let tiled = FloatBuffer(TiledRows.count(rows: units.count, inner: width))
        let x = TiledRows(tiled.pointer, inner: width)
        units.flatMap { $0 }.withUnsafeBufferPointer { flat in
            guard let start = flat.baseAddress else { return }
            x.set(Matrix(start, stride: width), rows: units.count)
        }
        let buffer = FloatBuffer(Self.rowsAtOnce * width)
        let out = FloatBuffer(units.count * Self.rowsAtOnce)
        for first in stride(from: 0, to: count, by: Self.rowsAtOnce) {
            try step()
            let range = first..<min(count, first + Self.rowsAtOnce)
            let rows = UnsafeMutableBufferPointer(start: buffer.pointer, count: range.count * width)
            try read(range, rows)
            let packed = PackedMatrix(columns: range.count, inner: width)
            threads.forEachChunk(of: range.count, size: PackedMatrix.columnAlignment) { columns, _ in
                packed.set(buffer.pointer + columns.lowerBound * width, first: columns.lowerBound, count: columns.count)
                packed.multiply(
                    x, rows: units.count, columns: columns, into: out.pointer + columns.lowerBound,
                    stride: Self.rowsAtOnce)
            }
            try visit(first, UnsafeBufferPointer(rows), out, Self.rowsAtOnce)
        }
    }

    private func nearest(
        _ units: [(row: [Float], norm: Double)], _ dictionary: LatentDictionary, _ chosen: [Int],
        _ step: () throws -> Void
    ) throws -> [[LatentGeometry.Neighbour]] {
        var nearest = Array(repeating: TopList(Self.neighbours), count: units.count)
        let width = dictionary.input.width
        try products(units.map(\.row), count: dictionary.latentCount, width: width, step) { range, rows in
            let read = try dictionary.decoderRows(Array(range))
            for (place, row) in read.enumerated() {
                _ = rows[(place * width)...].update(fromContentsOf: row)
            }
        } visit: { first, rows, products, stride in
            for column in 0..<rows.count / max(width, 1) {
                let row = rows[column * width..<(column + 1) * width]
                let norm = row.reduce(0.0) { $0 + Double($1) * Double($1) }.squareRoot()
                // A latent without a direction is near to none.
                guard norm > 0 else { continue }
                for place in units.indices where chosen[place] != first + column {
                    let cosine = Float(Double(products.pointer[place * stride + column]) / norm)
                    nearest[place].offer(first + column, cosine)
                }
            }
        }
        return nearest.map { $0.entries.map { .init(latent: $0.id, cosine: $0.value) } }
    }

    /// W_U · (γ ⊙ u) for each unit row u, with γ the weight of the base's final norm.
    private func lenses(_ units: [[Float]], _ step: () throws -> Void) throws -> [LatentGeometry.Lens] {
        let gain: [Float]
        switch base.architecture.head.norm.kind {
        case .rms: gain = try base.tensor(.finalNorm).floats()
        }
        let head = try base.tensor(base.architecture.head.isTied ? .embedding : .head)
        let (width, size) = (base.architecture.hiddenSize, base.architecture.vocabularySize)
        let scaled = units.map { zip(gain, $0).map { $0 * $1 } }
        var logits = Array(repeating: [Float](repeating: 0, count: size), count: units.count)
        try products(scaled, count: size, width: width, step) { range, rows in
            try head.widenRows(range, into: rows)
        } visit: { first, rows, products, stride in
            for place in units.indices {
                for column in 0..<rows.count / max(width, 1) {
                    logits[place][first + column] = products.pointer[place * stride + column]
                }
            }
        }
        let known = task.vocabulary.flatMap { min($0[0], size)..<min($0[1], size) }
        return try logits.map { try LatentGeometry.Lens($0, known: known, tokens: Self.lensTokens, place: base.path) }
    }
}
