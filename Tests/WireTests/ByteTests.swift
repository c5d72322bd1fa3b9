import Inputs
import Testing
@testable import Wire

@Suite("Bytes")
struct ByteTests {
    @Test("Numbers are little-endian, variable-length ones seven bits a byte")
    func layout() throws {
        var writer = ByteWriter()
        writer.fixed(UInt32(0x0102_0304))
        writer.varint(300)
        writer.number(1)
        #expect(writer.bytes == [4, 3, 2, 1, 0xac, 2, 0, 0, 0, 0, 0, 0, 0xf0, 0x3f])
    }

    @Test("Variable-length integers come back", arguments: [0, 1, 127, 128, 16_383, 16_384, 1 << 63, UInt64.max])
    func varint(value: UInt64) throws {
        var writer = ByteWriter()
        writer.varint(value)
        var reader = ByteReader(writer.bytes)
        #expect(try reader.varint("v") == value)
        try reader.end("v")
    }

    @Test(
        "A variable-length integer in a longer form than needed, or past 64 bits, is refused",
        arguments: [
            [0x80, 0], [0xff, 0x80, 0], [UInt8](repeating: 0xff, count: 9) + [2], [UInt8](repeating: 0xff, count: 11),
            [UInt8](repeating: 0x80, count: 9) + [0],
        ] as [[UInt8]])
    func paddedVarint(bytes: [UInt8]) {
        let error = #expect(throws: ByteError.self) {
            var reader = ByteReader(bytes)
            _ = try reader.varint("v")
        }
        #expect(error?.description == "v: expected a variable-length integer of 64 bits, found a longer or padded one")
    }

    @Test("A string that is not UTF-8 is refused")
    func utf8() {
        let error = #expect(throws: ByteError.self) {
            var reader = ByteReader([2, 0xc3, 0x28])
            _ = try reader.string("s", limit: 10)
        }
        #expect(error?.description == "s: expected valid UTF-8, found 2 bytes that are not")
    }

    @Test("A flag is 0 or 1")
    func flag() {
        let error = #expect(throws: ByteError.self) {
            var reader = ByteReader([2])
            _ = try reader.flag("f")
        }
        #expect(error?.description == "f: expected 0 or 1, found 2")
    }
}
