/// Writes GGUF files of version 3. It shares no code with the program's reader.
struct TinyGGUF {
    enum Value {
        case uint32(UInt32), float32(Float), bool(Bool), string(String), strings([String]), int32s([Int32])
    }

    private var keys: [UInt8] = []
    private var keyCount: UInt64 = 0
    private var entries: [UInt8] = []
    private var tensorCount: UInt64 = 0
    private var data: [UInt8] = []

    private static let alignment = 32

    mutating func add(_ key: String, _ value: Value) {
        keyCount += 1
        Self.append(key, to: &keys)
        switch value {
        case .uint32(let number): Self.append([4, number], to: &keys)
        case .float32(let number): Self.append([6, number.bitPattern], to: &keys)
        case .bool(let flag):
            Self.append([UInt32(7)], to: &keys)
            keys.append(flag ? 1 : 0)
        case .string(let text):
            Self.append([UInt32(8)], to: &keys)
            Self.append(text, to: &keys)
        case .strings(let list):
            Self.append([UInt32(9), 8], to: &keys)
            Self.append([UInt64(list.count)], to: &keys)
            for text in list { Self.append(text, to: &keys) }
        case .int32s(let list):
            Self.append([UInt32(9), 5], to: &keys)
            Self.append([UInt64(list.count)], to: &keys)
            Self.append(list, to: &keys)
        }
    }

    /// Adds a tensor of stored bytes; `shape` is row-major, `type` the number that ggml has for it.
    mutating func add(_ name: String, shape: [Int], type: UInt32, bytes: [UInt8]) {
        tensorCount += 1
        Self.append(name, to: &entries)
        Self.append([UInt32(shape.count)], to: &entries)
        Self.append(shape.reversed().map { UInt64($0) }, to: &entries)
        Self.append([type], to: &entries)
        Self.append([UInt64(data.count)], to: &entries)
        data += bytes + [UInt8](repeating: 0, count: (Self.alignment - bytes.count % Self.alignment) % Self.alignment)
    }

    /// The whole file.
    var bytes: [UInt8] {
        var file = Array("GGUF".utf8)
        Self.append([UInt32(3)], to: &file)
        Self.append([tensorCount, keyCount], to: &file)
        file += keys + entries
        file += [UInt8](repeating: 0, count: (Self.alignment - file.count % Self.alignment) % Self.alignment)
        return file + data
    }

    private static func append(_ numbers: [some FixedWidthInteger], to bytes: inout [UInt8]) {
        for number in numbers { withUnsafeBytes(of: number.littleEndian) { bytes.append(contentsOf: $0) } }
    }

    private static func append(_ text: String, to bytes: inout [UInt8]) {
        append([UInt64(text.utf8.count)], to: &bytes)
        bytes += text.utf8
    }
}
