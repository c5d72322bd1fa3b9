import Foundation

/// An .npz file that a test writes itself, members stored; removed with the object.
final class TemporaryArrays {
    let path: String

    /// Arrays of float64, of one dimension.
    convenience init(_ arrays: [String: [Double]]) throws {
        let members = arrays.sorted { $0.key < $1.key }.map { name, values in
            (
                "\(name).npy",
                Self.array("{'descr': '<f8', 'fortran_order': False, 'shape': (\(values.count),), }", values)
            )
        }
        try self.init(members: members)
    }

    init(members: [(name: String, bytes: Data)]) throws {
        path = NSTemporaryDirectory() + "actdiff-arrays-\(UUID().uuidString).npz"
        try Self.zip(members).write(to: URL(fileURLWithPath: path))
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    /// An .npy array with any header.
    static func array(_ header: String, _ values: [Double], version: [UInt8] = [1, 0]) -> Data {
        var text = Data(header.utf8)
        while (10 + text.count + 1) % 64 != 0 { text.append(UInt8(ascii: " ")) }
        text.append(UInt8(ascii: "\n"))
        return Data([0x93] + Array("NUMPY".utf8) + version) + little(UInt16(text.count)) + text
            + values.withUnsafeBytes { Data($0) }
    }

    private static func zip(_ members: [(name: String, bytes: Data)]) -> Data {
        var (body, directory) = (Data(), Data())
        for (name, bytes) in members {
            let sizes = little(crc32(bytes)) + little(UInt32(bytes.count)) + little(UInt32(bytes.count))
            let common = little(UInt16(20)) + Data(count: 8) + sizes + little(UInt16(name.utf8.count)) + Data(count: 2)
            directory +=
                little(UInt32(0x0201_4b50)) + little(UInt16(20)) + common + Data(count: 10)
                + little(UInt32(body.count)) + Data(name.utf8)
            body += little(UInt32(0x0403_4b50)) + common + Data(name.utf8) + bytes
        }
        let count = little(UInt16(members.count))
        return body + directory + little(UInt32(0x0605_4b50)) + Data(count: 4) + count + count
            + little(UInt32(directory.count)) + little(UInt32(body.count)) + Data(count: 2)
    }

    private static func little<Number: FixedWidthInteger>(_ number: Number) -> Data {
        withUnsafeBytes(of: number.littleEndian) { Data($0) }
    }

    private static func crc32(_ bytes: Data) -> UInt32 {
        ~bytes.reduce(UInt32.max) { sum, byte in
            (0..<8).reduce(sum ^ UInt32(byte)) { sum, _ in sum >> 1 ^ (sum & 1 == 1 ? 0xEDB8_8320 : 0) }
        }
    }
}
