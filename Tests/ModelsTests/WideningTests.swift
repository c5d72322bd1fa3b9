import Foundation
import Inputs
import Kernels
import Models
import Tensors
import TestSupport
import Testing

struct WideningTests {
    /// All 65,536 bit patterns through a tensor of this dtype.
    private func widened(_ dtype: String) throws -> [Float] {
        let folder = try TemporaryFolder()
        var data = safetensors(
            header: "{\"all\":{\"dtype\":\"\(dtype)\",\"shape\":[65536],\"data_offsets\":[0,131072]}}", dataLength: 0)
        for pattern in 0...UInt16.max { withUnsafeBytes(of: pattern.littleEndian) { data.append(contentsOf: $0) } }
        let tensor = try SafetensorsFile(folder.write("all.safetensors", data)).tensors["all"]
        return try #require(tensor).floats()
    }

    @Test func everyHalfWidensToTheSameNumber() throws {
        for (pattern, value) in zip(0...UInt16.max, try widened("F16")) {
            let expected = Float(Float16(bitPattern: pattern))
            #expect(expected.isNaN ? value.isNaN : value.bitPattern == expected.bitPattern, "pattern \(pattern)")
        }
    }

    @Test func halfSubnormalsInfinitiesAndNaNsAreKept() throws {
        let values = try widened("F16")
        #expect(values[0x0001] == 0x1p-24)
        #expect(values[0x83FF] == -1023 * 0x1p-24)
        #expect(values[0x0400] == 0x1p-14)
        #expect(values[0x7BFF] == 65504)
        #expect(values[0x8000].bitPattern == 0x8000_0000)
        #expect(values[0x7C00] == .infinity && values[0xFC00] == -.infinity)
        #expect(values[0x7C01].isNaN && values[0xFE00].isNaN)
    }

    @Test func everyBfloatIsTheUpperHalfOfItsFloat() throws {
        for (pattern, value) in zip(0...UInt16.max, try widened("BF16")) {
            #expect(value.bitPattern == UInt32(pattern) << 16, "pattern \(pattern)")
        }
    }

    @Test func tensorsWidenTheSameAtOddAddresses() throws {
        let folder = try TemporaryFolder()
        let header = """
            {"flag":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},"x":{"dtype":"F32","shape":[2],"data_offsets":[1,9]}}
            """
        var data = safetensors(header: header, dataLength: 1)
        for value: Float in [1.5, -2] {
            withUnsafeBytes(of: value.bitPattern.littleEndian) { data.append(contentsOf: $0) }
        }
        let file = try SafetensorsFile(folder.write("odd.safetensors", data))
        #expect(try file.tensors["x"]?.floats() == [1.5, -2])
    }

    @Test func ggufTensorsAgreeWithGGUFPythonReader() throws {
        let model = try Checkpoint(golden("tiny.gguf"))
        let expected = try SafetensorsFile(golden("tiny-widened.safetensors")).tensors
        #expect(model.gguf?.tensors.count == expected.count)
        var largest = LargestDifference()
        for (name, reference) in expected {
            let values = try model.tensor(name, shape: reference.shape).floats()
            largest.add(values, try reference.floats(), at: name)
        }
        print("tiny.gguf against gguf-py: largest difference \(largest) (tolerance 0)")
        // Scales and quants are small enough for every product to be exact: nothing to tolerate.
        #expect(largest.value == 0)
    }

    @Test func rowsRangesAndWholeTensorAgree() throws {
        let model = try Checkpoint(golden("tiny.gguf"))
        let matrices = try SafetensorsFile(golden("tiny-widened.safetensors")).tensors.mapValues(\.shape)
            .filter { $0.value.count == 2 }
        #expect(matrices.count > 10)
        for (name, shape) in matrices {
            let tensor = try model.tensor(name, shape: shape)
            let whole = try tensor.floats()
            var row = [Float](repeating: .nan, count: shape[1])
            for index in 0..<shape[0] {
                try row.withUnsafeMutableBufferPointer { try tensor.widenRow(index, into: $0) }
                #expect(row == Array(whole[index * shape[1]..<(index + 1) * shape[1]]), "\(name) row \(index)")
            }
            var some = [Float](repeating: .nan, count: (shape[0] - 3) * shape[1])
            try some.withUnsafeMutableBufferPointer { try tensor.widenRows(2..<shape[0] - 1, into: $0) }
            #expect(some == Array(whole[2 * shape[1]..<(shape[0] - 1) * shape[1]]), "\(name)")
        }
    }

    @Test func wrongRowsAndWrongRoomAreRefused() throws {
        let model = try Checkpoint(golden("tiny.gguf"))
        let tensor = try model.tensor("model.embed_tokens.weight", shape: [24, 32])
        var row = [Float](repeating: 0, count: 32)
        for index in [-1, 24, Int.max, Int.min] {
            let error = try inputError {
                try row.withUnsafeMutableBufferPointer { try tensor.widenRow(index, into: $0) }
            }
            #expect(error.place.hasSuffix("tiny.gguf: model.embed_tokens.weight"))
            #expect(error.found.contains("\(index)"))
        }
        let room = try inputError { try row.withUnsafeMutableBufferPointer { try tensor.widenRows(0..<2, into: $0) } }
        #expect(room.expected == "room for 64 floats" && room.found == "room for 32")
        let norm = try model.tensor("model.norm.weight", shape: [32])
        let matrix = try inputError { try row.withUnsafeMutableBufferPointer { try norm.widenRow(0, into: $0) } }
        #expect(matrix.expected == "a matrix" && matrix.found == "shape [32]")
    }
}
