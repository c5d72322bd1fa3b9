import Foundation
import Inputs
import TestSupport
import Testing
@testable import Tensors

/// Files are read whole and in parts, and equality is that of types, shapes and bytes.
@Suite struct TensorBytesTests {
    /// More than two pieces of 64 KiB, and not a whole number of pages.
    private static let length = (160 << 10) + 123

    private func file(_ folder: TemporaryFolder, _ name: String, changing at: Int? = nil) throws -> String {
        var bytes = Data((0..<Self.length).map { UInt8(truncatingIfNeeded: $0 &* 31 ^ $0 >> 7) })
        if let at { bytes[at] ^= 1 }
        return try folder.write(name, bytes)
    }

    @Test func aFileIsReadPieceByPiece() throws {
        let folder = try TemporaryFolder()
        let path = try file(folder, "data")
        let expected = [UInt8](try Data(contentsOf: URL(filePath: path)))
        let opened = try InputFile(path)
        #expect(opened.size == Self.length)
        #expect(try Digest(of: opened) == Digest(of: expected))
        for range in [0..<Self.length, 5000..<5001, Self.length - 1..<Self.length + 4096, 7..<7] {
            opened.readAhead(range)
            #expect(try opened.bytes() == expected)
        }
        var (sizes, read) = ([Int](), [UInt8]())
        try opened.forEachPiece(of: 100..<Self.length) { piece in
            sizes.append(piece.count)
            read += piece
            return sizes.count < 2
        }
        #expect(sizes == [64 << 10, 64 << 10] && read.elementsEqual(expected[100...].prefix(128 << 10)))
        let empty = try InputFile(folder.write("empty", ""))
        empty.readAhead(0..<1)
        #expect(try Digest(of: empty) == Digest(of: [UInt8]()))
    }

    /// Also of a type that is stored in blocks, whose pieces are whole ones.
    @Test func tensorsOfSeveralPiecesAreWidenedWhole() throws {
        let folder = try TemporaryFolder()
        let path = try folder.write("data", Data((0..<(4 << 20)).map { UInt8(truncatingIfNeeded: $0 &* 31 ^ $0 >> 7) }))
        for (type, shape) in [(StoredType.bfloat16, [700, 600]), (.q8_0, [700, 640]), (.float32, [700, 600])] {
            let tensor = try TensorView(name: "t", shape: shape, type: type, file: InputFile(path), offset: 6)
            let whole = try tensor.floats().map(\.bitPattern)
            var rows: [UInt32] = []
            for row in 0..<shape[0] {
                var floats = [Float](repeating: 0, count: shape[1])
                try floats.withUnsafeMutableBufferPointer { try tensor.widenRow(row, into: $0) }
                rows += floats.map(\.bitPattern)
            }
            #expect(whole == rows, "\(type)")
        }
    }

    @Test func aFileThatHasBecomeShorterIsToldOfAndNotReadBeyondItsEnd() throws {
        let folder = try TemporaryFolder()
        let path = try folder.write("data", Data((0..<8192).map { UInt8(truncatingIfNeeded: $0 >> 4) }))
        let tensor = try TensorView(name: "t", shape: [64, 64], type: .bfloat16, file: InputFile(path), offset: 0)
        var row = [Float](repeating: 0, count: 64)
        try row.withUnsafeMutableBufferPointer { try tensor.widenRow(63, into: $0) }
        #expect(truncate(path, 8100) == 0)
        let error = try inputError { try row.withUnsafeMutableBufferPointer { try tensor.widenRow(63, into: $0) } }
        #expect(error.place == path && error.kind == .temporary)
        #expect(error.expected == "128 bytes from byte 8064 on" && error.found == "its end after 36")
        #expect(throws: Never.self) { try row.withUnsafeMutableBufferPointer { try tensor.widenRow(62, into: $0) } }
    }

    @Test func tensorsAreEqualWhereTypeShapeOrderAndBytesAre() throws {
        let folder = try TemporaryFolder()
        func tensor(_ path: String, _ shape: [Int], _ type: StoredType = .int8, offset: Int = 0) throws -> TensorView {
            try TensorView(name: path, shape: shape, type: type, file: InputFile(path), offset: offset)
        }
        let first = try file(folder, "first")
        let whole = try tensor(first, [Self.length])
        #expect(whole.byteCount == Self.length)
        #expect(try whole.isStoredAs(whole))
        #expect(try whole.isStoredAs(tensor(file(folder, "second"), [Self.length])))
        for at in [0, 90 << 10, Self.length - 1] {
            #expect(try !whole.isStoredAs(tensor(file(folder, "changed", changing: at), [Self.length])))
        }
        #expect(try !whole.isStoredAs(tensor(first, [1, Self.length])))
        #expect(try !whole.isStoredAs(tensor(first, [Self.length], .uint8)))
        #expect(try !tensor(first, [64, 64]).isStoredAs(tensor(first, [64, 64], offset: 1)))
        let rows = try tensor(first, [64, 64])
        #expect(try !rows.isStoredAs(rows.renamed("q", order: .rotaryPairs(headSize: 8))))
    }
}
