import Foundation
import Inputs
import Tensors
import TestSupport
import Testing

struct SafetensorsTests {
    /// The error that opening this file gives.
    private func refusal(_ data: Data) throws -> InputError {
        let folder = try TemporaryFolder()
        let error = try inputError { try SafetensorsFile(folder.write("x.safetensors", data)) }
        #expect(error.place.hasPrefix("\(folder.path)/x.safetensors"))
        #expect(error.kind == .badData)
        return error
    }

    private func refusal(header: String, dataLength: Int) throws -> InputError {
        try refusal(safetensors(header: header, dataLength: dataLength))
    }

    @Test func metadataEmptyTensorsAndScalarsAreRead() throws {
        let folder = try TemporaryFolder()
        let header = """
            {"__metadata__":{"format":"pt"},"none":{"dtype":"F32","shape":[0,4],"data_offsets":[0,0]},
             "one":{"dtype":"F32","shape":[],"data_offsets":[0,4]}}
            """
        let file = try SafetensorsFile(folder.write("x.safetensors", safetensors(header: header, dataLength: 4)))
        #expect(file.metadata == ["format": "pt"])
        #expect(try file.tensors["none"]?.floats() == [])
        #expect(try file.tensors["one"]?.floats() == [0])
    }

    @Test func aTruncatedFileIsRefused() throws {
        let whole = zeroTensors(["a": [4]])
        let tensors = try refusal(whole.dropLast(1))
        #expect(tensors.place.hasSuffix("x.safetensors: a.data_offsets"))
        #expect(tensors.expected == "a begin and an end within the 15 bytes after the header")
        #expect(tensors.found == "[0, 16]" && tensors.hint.contains("cut off"))
        let header = try refusal(whole.prefix(20))
        #expect(header.expected.hasPrefix("a header of ") && header.found == "12 bytes in the file")
        let length = try refusal(whole.prefix(7))
        #expect(length.expected == "a safetensors file of at least 8 bytes" && length.found == "7 bytes")
        #expect(try refusal(Data()).found == "0 bytes")
    }

    @Test func aHeaderLongerThanTheFileIsRefused() throws {
        var data = zeroTensors(["a": [4]])
        data.replaceSubrange(0..<8, with: [0, 0, 1, 0, 0, 0, 0, 0])
        let error = try refusal(data)
        #expect(error.expected == "a header of 65536 bytes as stated")
        #expect(error.found == "\(data.count - 8) bytes in the file")
    }

    @Test func aHeaderPastTheLimitIsRefused() throws {
        for length: UInt64 in [33_554_433, .max] {
            var data = Data()
            withUnsafeBytes(of: length.littleEndian) { data.append(contentsOf: $0) }
            let error = try refusal(data + Data(count: 64))
            #expect(error.expected == "a header of at most 33554432 bytes")
            #expect(error.found == "a header length of \(length)")
        }
    }

    /// 16 MB that took a gigabyte.
    @Test func tooManyTensorsAreRefusedHoweverSmall() throws {
        func header(_ count: Int, _ entry: String) -> String {
            "{" + (0..<count).map { "\"\($0)\":\(entry)" }.joined(separator: ",") + "}"
        }
        let empty = "{\"dtype\":\"I8\",\"shape\":[0],\"data_offsets\":[0,0]}"
        let tensors = try refusal(header: header(1 << 17 + 1, empty), dataLength: 0)
        #expect(tensors.expected == "a header of at most 131072 tensors" && tensors.found == "131073")
        let values = try refusal(header: header(300_000, "[[],[],[],[],[],[]]"), dataLength: 0)
        #expect(values.expected == "JSON of at most 1572864 values")
    }

    @Test func overlappingTensorsAreRefused() throws {
        let error = try refusal(
            header: """
                {"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"b":{"dtype":"F32","shape":[2],"data_offsets":[4,12]}}
                """, dataLength: 12)
        #expect(error.place.hasSuffix(": b"))
        #expect(error.expected == "data_offsets that begin at 8, where the last tensor ends")
        #expect(error.found == "4" && error.hint == "tensors overlap")
    }

    @Test func holesAndBytesAtTheEndAreRefused() throws {
        let hole = try refusal(
            header: """
                {"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"b":{"dtype":"F32","shape":[1],"data_offsets":[8,12]}}
                """, dataLength: 12)
        #expect(hole.place.hasSuffix(": b") && hole.found == "8" && hole.hint == "there is a hole")
        let rest = try refusal(zeroTensors(["a": [1]]) + Data(count: 3))
        #expect(rest.expected == "4 bytes of tensors" && rest.found == "7 bytes after the header")
    }

    @Test(arguments: ["[8,24]", "[0,9223372036854775807]", "[4,0]", "[0]", "[0,4,8]"])
    func offsetsOutOfRangeAreRefused(_ offsets: String) throws {
        let error = try refusal(
            header: "{\"a\":{\"dtype\":\"F32\",\"shape\":[4],\"data_offsets\":\(offsets)}}", dataLength: 16)
        #expect(error.place.hasSuffix(": a.data_offsets"))
        #expect(error.expected == "a begin and an end within the 16 bytes after the header")
        #expect(error.found == offsets.replacingOccurrences(of: ",", with: ", "))
    }

    @Test(arguments: ["[-4,0]", "[1.5,4]", "[0,99999999999999999999]", "\"0-4\""])
    func offsetsThatAreNoWholeNumbersAreRefused(_ offsets: String) throws {
        let error = try refusal(
            header: "{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":\(offsets)}}", dataLength: 4)
        #expect(error.place.contains(": a.data_offsets"))
    }

    @Test(arguments: ["[3]", "[4294967296,4294967296]", "[9223372036854775807,3]", "[0]"])
    func shapesThatDoNotFitTheirBytesAreRefused(_ shape: String) throws {
        let error = try refusal(
            header: "{\"a\":{\"dtype\":\"F32\",\"shape\":\(shape),\"data_offsets\":[0,16]}}", dataLength: 16)
        #expect(error.place.hasSuffix(": a") && error.found == "16")
        #expect(error.expected.contains("F32"))
    }

    @Test(arguments: ["Q8_0", "F31", "f32"]) func dtypesOutsideTheFormatAreRefused(_ dtype: String) throws {
        let error = try refusal(
            header: "{\"a\":{\"dtype\":\"\(dtype)\",\"shape\":[32],\"data_offsets\":[0,34]}}", dataLength: 34)
        #expect(error.place.hasSuffix(": a.dtype"))
        #expect(error.expected == "a safetensors dtype" && error.found == "\"\(dtype)\"")
    }

    @Test func aNameThatStandsTwiceIsRefusedHoweverItIsWritten() throws {
        let entry = "{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]}"
        for header in ["{\"a\":\(entry),\"a\":\(entry)}", "{\"a\":\(entry),\"\\u0061\":\(entry)}"] {
            let error = try refusal(header: header, dataLength: 4)
            #expect(error.expected == "every name once" && error.found == "'a' twice")
        }
    }

    @Test func headersThatAreNoTableAreRefused() throws {
        #expect(try refusal(header: "[1]", dataLength: 0).expected == "a JSON header that begins with {")
        #expect(try refusal(header: "", dataLength: 0).found == "an empty header")
        #expect(try refusal(header: "{\"a\":", dataLength: 0).expected == "valid JSON")
        let key = try refusal(
            header: "{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4],\"stride\":[1]}}", dataLength: 4)
        #expect(key.place.hasSuffix(": a.stride") && key.found == "'stride'")
        let missing = try refusal(header: "{\"a\":{\"dtype\":\"F32\",\"shape\":[1]}}", dataLength: 4)
        #expect(missing.expected == "the key 'data_offsets'")
    }

    @Test(arguments: [400, 600, 1_000_000]) func deeplyNestedHeadersAreRefused(_ depth: Int) throws {
        let nest = String(repeating: "[", count: depth) + String(repeating: "]", count: depth)
        let error = try refusal(header: "{\"a\":\(nest)}", dataLength: 0)
        #expect(error.expected == (depth < 512 ? "a mapping" : "JSON of at most 512 levels"))
    }

    @Test func typesThatCannotBeWidenedAreRefusedByName() throws {
        let folder = try TemporaryFolder()
        for (dtype, bytes) in [("F64", 8), ("I64", 8), ("BOOL", 1), ("F8_E4M3", 1)] {
            let data = zeroTensors(["a": [4]], type: dtype, bytes: bytes)
            let file = try SafetensorsFile(folder.write("x.safetensors", data))
            let error = try inputError { try file.tensors["a"]?.floats() }
            #expect(error.place == "\(folder.path)/x.safetensors: a")
            #expect(error.expected == "one of the types F32, F16, BF16, Q4_0, Q4_1, Q8_0" && error.found == dtype)
        }
    }
}
