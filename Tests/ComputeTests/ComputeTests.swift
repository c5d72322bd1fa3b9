import Compute
import TestSupport
import Testing

/// Products.
@Suite struct ComputeTests {
    private static func matrix(_ rows: Int, _ columns: Int, seed: Int) -> [Float] {
        (0..<rows * columns).map { Float(($0 * 37 + seed * 11) % 19 - 9) / 8 }
    }

    /// Tiles the rows and multiplies them.
    private static func multiply(
        _ x: UnsafePointer<Float>, rows: Int, by matrix: PackedMatrix, columns: Range<Int>? = nil,
        from start: PackedMatrix.Start = .zero, into out: UnsafeMutablePointer<Float>, stride: Int
    ) {
        let buffer = FloatBuffer(TiledRows.count(rows: rows, inner: matrix.inner))
        let tiled = TiledRows(buffer.pointer, inner: matrix.inner)
        tiled.set(Matrix(x, stride: matrix.inner), rows: rows)
        withExtendedLifetime(buffer) {
            matrix.multiply(tiled, rows: rows, columns: columns, from: start, into: out, stride: stride)
        }
    }

    /// Entries are multiples of 1/64 and sums stay small, so that float32 is exact and so is the comparison.
    @Test(arguments: [
        (1, 1, 1), (7, 13, 5), (300, 33, 64), (64, 520, 17), (14, 32, 0), (15, 31, 33), (29, 97, 1030), (3, 64, 2500),
    ])
    func productsAreWhatTheDefinitionSays(rows: Int, columns: Int, inner: Int) {
        let (x, w) = (Self.matrix(rows, inner, seed: 1), Self.matrix(columns, inner, seed: 2))
        let bias = FloatBuffer(columns)
        for column in 0..<columns { bias.pointer[column] = Float(column % 7) }
        let matrix = PackedMatrix(columns: columns, inner: inner)
        matrix.set(w, first: 0, count: columns)
        let stride = columns + 3
        var out = [Float](repeating: 1, count: rows * stride)
        for (start, first) in [
            (PackedMatrix.Start.output, Array(repeating: Float(1), count: columns)),
            (.zero, Array(repeating: 0, count: columns)), (.bias(bias.pointer), Array(bias.all)),
        ] {
            Self.multiply(x, rows: rows, by: matrix, from: start, into: &out, stride: stride)
            for row in 0..<rows {
                for column in 0..<columns {
                    let expected = (0..<inner).reduce(Float(0)) { $0 + x[row * inner + $1] * w[column * inner + $1] }
                    #expect(out[row * stride + column] == expected + first[column])
                }
                // What lies between the rows is not touched.
                #expect(out[(row * stride + columns)..<(row + 1) * stride].allSatisfy { $0 == 1 })
            }
        }
    }

    /// As threads set the tensors of a group: in any order, from any column on, and nothing but their own.
    @Test func columnsAreSetInPartsAndInAnyOrder() {
        let (rows, columns, inner) = (5, 200, 33)
        let (x, w) = (Self.matrix(rows, inner, seed: 3), Self.matrix(columns, inner, seed: 4))
        let (whole, parts) = (
            PackedMatrix(columns: columns, inner: inner), PackedMatrix(columns: columns, inner: inner)
        )
        whole.set(w, first: 0, count: columns)
        for part in [190..<200, 64..<190, 3..<23, 0..<3, 23..<64] {
            Array(w[(part.lowerBound * inner)...]).withUnsafeBufferPointer { floats in
                if let start = floats.baseAddress { parts.set(start, first: part.lowerBound, count: part.count) }
            }
        }
        var (expected, out) = (
            [Float](repeating: 0, count: rows * columns), [Float](repeating: 1, count: rows * columns)
        )
        Self.multiply(x, rows: rows, by: whole, into: &expected, stride: columns)
        Self.multiply(x, rows: rows, by: parts, into: &out, stride: columns)
        #expect(out == expected && out.contains { $0 != 0 })
    }

    /// Random numbers: here sums round, and must round in the same way whatever is computed together.
    @Test func aProductDoesNotDependOnItsNeighbours() {
        let (rows, columns, inner) = (43, 200, 1100)
        var random = SeededGenerator(seed: 1)
        let x = (0..<rows * inner).map { _ in Float.random(in: -1..<1, using: &random) }
        let w = (0..<columns * inner).map { _ in Float.random(in: -1..<1, using: &random) }
        let matrix = PackedMatrix(columns: columns, inner: inner)
        matrix.set(w, first: 0, count: columns)
        var whole = [Float](repeating: 0, count: rows * columns)
        Self.multiply(x, rows: rows, by: matrix, into: &whole, stride: columns)

        // Packed from the turned matrix in uneven pieces, row by row, some columns at a time.
        let turned = (0..<inner * columns).map { w[$0 % columns * inner + $0 / columns] }
        let again = PackedMatrix(columns: columns, inner: inner)
        for (first, count) in [(0, 7), (7, 90), (97, 103)] {
            turned.withUnsafeBufferPointer { turned in
                guard let start = turned.baseAddress else { return }
                again.setTransposed(start + first, stride: columns, first: first, count: count)
            }
        }
        var parts = [Float](repeating: 0, count: rows * columns)
        for row in 0..<rows {
            for range in [0..<64, 64..<150, 128..<200] {
                x.withUnsafeBufferPointer { x in
                    parts.withUnsafeMutableBufferPointer { parts in
                        guard let x = x.baseAddress, let parts = parts.baseAddress else { return }
                        Self.multiply(
                            x + row * inner, rows: 1, by: again, columns: range,
                            into: parts + row * columns + range.lowerBound, stride: columns)
                    }
                }
            }
        }
        #expect(parts == whole)
        // Sums of 1,100 products of up to 1: blocks of 128 keep them within some 20 roundings of their size, about 10.
        var largest = LargestDifference()
        for at in [0, 1, 77, 200 * 42 + 199] {
            let (row, column) = at.quotientAndRemainder(dividingBy: columns)
            let exact = (0..<inner).reduce(0.0) {
                $0 + Double(x[row * inner + $1]) * Double(w[column * inner + $1])
            }
            largest.add(whole[at], exact, at: "row \(row), column \(column)")
        }
        print("products: largest difference from float64 \(largest)")
        #expect(largest.value < 1e-5, "\(largest)")
    }
}
