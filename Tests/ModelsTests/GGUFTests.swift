import Foundation
import Inputs
import TestSupport
import Testing

@testable import Tensors

/// Builds GGUF files byte by byte.
struct GGUFBuilder {
    var version: UInt32 = 3
    var keys: [Data] = []
    var tensors: [Data] = []
    var content = Data()

    static func number<Number: FixedWidthInteger>(_ value: Number) -> Data {
        withUnsafeBytes(of: value.littleEndian) { Data($0) }
    }

    static func string(_ text: String) -> Data { number(UInt64(text.utf8.count)) + Data(text.utf8) }

    mutating func add(_ key: String, type: UInt32, _ value: Data) {
        keys.append(Self.string(key) + Self.number(type) + value)
    }

    mutating func add(_ key: String, _ text: String) { add(key, type: 8, Self.string(text)) }

    mutating func add(_ key: String, _ value: UInt32) { add(key, type: 4, Self.number(value)) }

    mutating func add(_ key: String, _ value: Float) { add(key, type: 6, Self.number(value.bitPattern)) }

    mutating func add(_ key: String, _ flag: Bool) { add(key, type: 7, Data([flag ? 1 : 0])) }

    /// Adds a tensor; `extents` innermost first, as in the file. Its bytes go behind the last, aligned to 32.
    mutating func addTensor(_ name: String, _ extents: [UInt64], type: UInt32 = 0, at offset: UInt64? = nil, bytes: Int)
    {
        content.append(Data(count: (32 - content.count % 32) % 32))
        var entry = Self.string(name) + Self.number(UInt32(extents.count))
        for extent in extents { entry += Self.number(extent) }
        tensors.append(entry + Self.number(type) + Self.number(offset ?? UInt64(content.count)))
        content.append(Data(count: bytes))
    }

    /// The file; counts can be overridden.
    func data(tensorCount: UInt64? = nil, keyCount: UInt64? = nil) -> Data {
        var data = Data("GGUF".utf8) + Self.number(version)
        data += Self.number(tensorCount ?? UInt64(tensors.count)) + Self.number(keyCount ?? UInt64(keys.count))
        for part in keys + tensors { data += part }
        data.append(Data(count: (32 - data.count % 32) % 32))
        return data + content
    }
}

struct GGUFTests {
    private func refusal(_ data: Data) throws -> InputError {
        let folder = try TemporaryFolder()
        let error = try inputError { try GGUFFile(folder.write("x.gguf", data)) }
        #expect(error.place.hasPrefix("\(folder.path)/x.gguf"))
        #expect(error.kind == .badData)
        return error
    }

    @Test func metadataIsReadByType() throws {
        let file = try GGUFFile(golden("tiny.gguf"))
        #expect(try file.string("general.architecture") == "llama")
        #expect(try file.integer("llama.block_count") == 2)
        #expect(try file.number("llama.rope.freq_base") == 50000)
        #expect(try file.bool("tokenizer.ggml.add_bos_token") == false)
        #expect(try file.strings("tokenizer.ggml.tokens").last == "t23é")
        #expect(try file.integers("tokenizer.ggml.token_type") == Array(repeating: 1, count: 24))
        guard case .numbers(let scores) = file.metadata["tokenizer.ggml.scores"] else {
            Issue.record("expected an array of numbers")
            return
        }
        #expect(scores.prefix(3) == [0, 0.25, 0.5])
        #expect(try file.optionalString("no.such.key") == nil)
        #expect(file.has("test.nested") && file.keys.contains("test.nested"))
        #expect(file.tensors["blk.0.ffn_down.weight"]?.shape == [32, 64])
        #expect(file.tensors["blk.0.ffn_down.weight"]?.type == .q4_1)
    }

    @Test func aMissingKeyOrOneOfAnotherTypeIsNamed() throws {
        let file = try GGUFFile(golden("tiny.gguf"))
        let missing = try inputError { try file.string("tokenizer.chat_template") }
        #expect(missing.place == "\(file.path): tokenizer.chat_template")
        #expect(missing.expected == "a string" && missing.found == "no such key")
        let wrong = try inputError { try file.optionalInteger("general.architecture") }
        #expect(wrong.expected == "a whole number" && wrong.found == "\"llama\"")
        #expect(try inputError { try file.strings("test.nested") }.found == "an array of 2 arrays")
    }

    @Test func versionTwoIsReadAndOthersAreRefused() throws {
        var builder = GGUFBuilder(version: 2)
        builder.add("a", "b")
        let folder = try TemporaryFolder()
        #expect(try GGUFFile(folder.write("x.gguf", builder.data())).string("a") == "b")
        for (version, found) in [(1, "version 1"), (4, "version 4"), (UInt32(3).byteSwapped, "a big-endian file")] {
            builder.version = version
            let error = try refusal(builder.data())
            #expect(error.expected == "GGUF version 2 or 3, little-endian" && error.found == found)
        }
    }

    @Test func badMagicIsRefused() throws {
        let error = try refusal(Data("GGML".utf8) + Data(count: 60))
        #expect(error.expected == "a GGUF file, which begins with the bytes [71, 71, 85, 70]")
        #expect(error.found == "[71, 71, 77, 76]")
        #expect(try refusal(Data()).found == "[]")
    }

    @Test func aTruncatedFileIsRefusedWithTheTensor() throws {
        let whole = try Data(contentsOf: URL(filePath: golden("tiny.gguf")))
        let tensor = try refusal(whole.dropLast(64))
        #expect(tensor.expected.hasPrefix("a tensor within the ") && tensor.hint.contains("cut off"))
        let metadata = try refusal(whole.prefix(100))
        #expect(metadata.place.contains("x.gguf: "))
        #expect(metadata.found.contains("the end of the file at byte 100") || metadata.expected.hasPrefix("at most"))
    }

    @Test func hugeCountsAreRefusedBeforeAnythingIsAllocated() throws {
        let builder = GGUFBuilder()
        let tensors = try refusal(builder.data(tensorCount: .max))
        #expect(tensors.place.hasSuffix(": header") && tensors.found == "\(UInt64.max)")
        #expect(tensors.expected == "at most 0 tensors in what is left of the file")
        #expect(try refusal(builder.data(keyCount: 1 << 40)).expected.contains("metadata keys"))
        var array = GGUFBuilder()
        array.add("list", type: 9, GGUFBuilder.number(UInt32(4)) + GGUFBuilder.number(UInt64(1) << 60))
        let elements = try refusal(array.data())
        #expect(elements.place.hasSuffix(": list") && elements.expected.contains("array elements"))
        var string = GGUFBuilder()
        string.add("text", type: 8, GGUFBuilder.number(UInt64.max))
        #expect(try refusal(string.data()).expected.contains("bytes in what is left of the file"))
    }

    @Test func deeplyNestedArraysAreRefused() throws {
        var builder = GGUFBuilder()
        var value = Data()
        for _ in 0..<10_000 { value += GGUFBuilder.number(UInt32(9)) + GGUFBuilder.number(UInt64(1)) }
        builder.add("deep", type: 9, value)
        #expect(try refusal(builder.data()).expected == "arrays nested at most 8 deep")
    }

    @Test func whatStandsTwiceIsRefused() throws {
        var keys = GGUFBuilder()
        keys.add("a", "b")
        keys.add("a", "c")
        let key = try refusal(keys.data())
        #expect(key.place.hasSuffix(": a") && key.expected == "every metadata key once")
        var tensors = GGUFBuilder()
        tensors.addTensor("w", [8], bytes: 32)
        tensors.addTensor("w", [8], bytes: 32)
        let tensor = try refusal(tensors.data())
        #expect(tensor.place.hasSuffix(": w") && tensor.expected == "every tensor once")
    }

    @Test func valuesOutsideTheFormatAreRefused() throws {
        var type = GGUFBuilder()
        type.add("a", type: 13, Data(count: 8))
        #expect(try refusal(type.data()).found == "13")
        var flag = GGUFBuilder()
        flag.add("a", type: 7, Data([2]))
        #expect(try refusal(flag.data()).expected == "0 or 1 for a truth value")
        var text = GGUFBuilder()
        text.add("a", type: 8, GGUFBuilder.number(UInt64(1)) + Data([0xFF]))
        #expect(try refusal(text.data()).expected == "UTF-8 text")
        var alignment = GGUFBuilder()
        alignment.add("general.alignment", UInt32(24))
        let error = try refusal(alignment.data())
        #expect(error.place.hasSuffix(": general.alignment") && error.found == "24")
    }

    @Test func tensorsThatOverlapOrDoNotFitAreRefused() throws {
        var overlap = GGUFBuilder()
        overlap.addTensor("a", [16], bytes: 64)
        overlap.addTensor("b", [8], at: 32, bytes: 32)
        let over = try refusal(overlap.data())
        #expect(over.place.hasSuffix(": b") && over.found == "32" && over.hint == "tensors overlap")
        for (extents, type) in [([UInt64.max], 0), ([1 << 33, 1 << 33], 0), ([33], 8), ([1, 1, 1, 1, 1], 0)] {
            var builder = GGUFBuilder()
            builder.addTensor("a", extents, type: UInt32(type), bytes: 32)
            #expect(try refusal(builder.data()).place.hasSuffix(": a"))
        }
        var unaligned = GGUFBuilder()
        unaligned.addTensor("a", [1], at: 4, bytes: 32)
        #expect(try refusal(unaligned.data()).expected == "an offset that 32 divides")
        var unknown = GGUFBuilder()
        unknown.addTensor("a", [1], type: 4, bytes: 32)
        #expect(try refusal(unknown.data()).found == "type 4")
    }
}
