import Foundation
import Inputs
import Tensors
import Testing

/// Arrays that numpy wrote (scripts/goldens/directions.py), and files that are to be refused.
@Suite struct NumPyFileTests {
    private static let goldens = "\(EncoderGoldenTests.goldens)/directions"

    private func arrays(_ path: String) throws -> [String: NumPyArray] {
        try NumPyFile(ZipArchive(InputFile(path))).arrays
    }

    @Test("float16 numbers are read exactly, zeros, the least and the largest among them")
    func halves() throws {
        let arrays = try arrays("\(Self.goldens)/named-float16.npz")
        #expect(arrays["a"]?.shape == [4] && arrays["a"]?.type == .float16)
        #expect(try arrays["a"]?.doubles() == [1, -2.5, 0x1p-24, 65504])
        #expect(try arrays["b"]?.doubles() == [0.0999755859375, 0, -0.0, 0x1p-14])
    }

    @Test("stored and deflated members hold the same numbers, in both shapes")
    func compressions() throws {
        let named = try arrays("\(Self.goldens)/named-float64.npz")
        let matrix = try #require(arrays("\(Self.goldens)/matrix-float32.npz")["vectors"])
        #expect(matrix.shape == [8, 576] && matrix.type == .float32)
        let rows = try named.sorted { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }.map {
            try $0.value.doubles()
        }
        #expect(try matrix.doubles() == rows.flatMap { $0 }.map { Double(Float($0)) })
    }

    @Test("no changed byte gives other numbers", arguments: ["named-float16.npz", "named-float64.npz"])
    func changedBytes(name: String) throws {
        let data = try Data(contentsOf: URL(fileURLWithPath: "\(Self.goldens)/\(name)"))
        let path = NSTemporaryDirectory() + "actdiff-changed-\(UUID().uuidString).npz"
        defer { try? FileManager.default.removeItem(atPath: path) }
        func numbers() throws -> [[Double]] {
            try arrays(path).sorted { $0.key < $1.key }.map { try $0.value.doubles() }
        }
        try data.write(to: URL(fileURLWithPath: path))
        let expected = try Set(numbers())
        let step = max(1, data.count / 600)
        var refused = 0
        for at in stride(from: 0, to: data.count, by: step) {
            var changed = data
            changed[at] ^= 1 << UInt8(at % 8)
            try changed.write(to: URL(fileURLWithPath: path))
            do {
                #expect(try Set(numbers()) == expected, "byte \(at)")
            } catch is InputError {
                refused += 1
            }
        }
        print("\(name): \(refused) of \((data.count + step - 1) / step) changed files refused")
        #expect(refused > 100)
    }

    @Test("a file that is cut off is refused, wherever")
    func cutOff() throws {
        let data = try Data(contentsOf: URL(fileURLWithPath: "\(Self.goldens)/named-float16.npz"))
        let path = NSTemporaryDirectory() + "actdiff-cut-\(UUID().uuidString).npz"
        defer { try? FileManager.default.removeItem(atPath: path) }
        for length in stride(from: 0, to: data.count, by: 7) {
            try data.prefix(length).write(to: URL(fileURLWithPath: path))
            #expect(throws: InputError.self, "\(length) bytes") { try arrays(path) }
        }
    }

    @Test(
        "headers that are not understood are refused, naming the array",
        arguments: [
            (
                "{'descr': '|O', 'fortran_order': False, 'shape': (2,), }",
                "x: expected an array of floats, found one of Python objects"
            ),
            ("{'descr': '>f8', 'fortran_order': False, 'shape': (2,), }", "x: expected little-endian float16"),
            ("{'descr': '<i8', 'fortran_order': False, 'shape': (2,), }", "(<f2, <f4, <f8), found <i8"),
            ("{'descr': [('a', '<f8')], 'fortran_order': False, 'shape': (2,), }", "x: header: expected a string"),
            (
                "{'descr': '<f8', 'fortran_order': True, 'shape': (2,), }",
                "expected an array in C order, found one in Fortran"
            ),
            ("{'descr': '<f8', 'fortran_order': False, 'shape': (3,), }", "as many bytes as F64 [3] takes, found 16"),
            ("{'descr': '<f8', 'fortran_order': False, 'shape': (-2,), }", "x: header: expected a whole number"),
            (
                "{'descr': '<f8', 'fortran_order': False, 'shape': (4294967296, 4294967296), }",
                "as many bytes as F64 [4294967296, 4294967296] takes"
            ),
            ("{'descr': '<f8', 'fortran_order': False}", "fortran_order and shape, found fewer"),
            ("{'descr': '<f8', 'descr': '<f8', 'fortran_order': False, 'shape': (2,), }", "shape once, found 'descr'"),
            ("{'descr': '<f8', 'fortran_order': False, 'shape': (2,), 'more': 1}", "shape once, found 'more'"),
            ("{'descr': '<f8', 'fortran_order': False, 'shape': (2,), } + 1", "x: header: expected nothing more"),
            ("__import__('os').system('true')", "x: header: expected '{'"),
        ])
    func headers(header: String, expected: String) throws {
        let file = try TemporaryArrays(members: [("x.npy", TemporaryArrays.array(header, [1, 2]))])
        let error = #expect(throws: InputError.self) { try arrays(file.path) }
        #expect(error?.description.contains(expected) == true, "\(error?.description ?? "")")
    }

    @Test("versions of the format that are not known are refused")
    func version() throws {
        let header = "{'descr': '<f8', 'fortran_order': False, 'shape': (2,), }"
        let file = try TemporaryArrays(members: [("x.npy", TemporaryArrays.array(header, [1, 2], version: [4, 0]))])
        let error = #expect(throws: InputError.self) { try arrays(file.path) }
        #expect(error?.description.contains("x: expected version 1.0, 2.0 or 3.0") == true)
        let fine = try TemporaryArrays(members: [("x.npy", TemporaryArrays.array(header, [1, 2]))])
        #expect(try arrays(fine.path)["x"]?.doubles() == [1, 2])
    }
}
