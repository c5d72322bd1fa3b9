import Foundation

/// A safetensors file in memory, to look into and to write again with something changed. It shares no code with the
/// program's own reader.
public struct TensorFile: Sendable {
    /// A tensor as it is stored.
    public struct Tensor: Sendable {
        public var type: String
        public var shape: [Int]
        public var bytes: Data

        /// A tensor of stored elements.
        public init(type: String, shape: [Int], bytes: Data) {
            (self.type, self.shape, self.bytes) = (type, shape, bytes)
        }

        /// A tensor of type F32.
        public init(_ values: [Float], shape: [Int]) {
            self.init(type: "F32", shape: shape, bytes: values.withUnsafeBytes { Data($0) })
        }

        /// The elements of a tensor F32 or BF16; none of any other.
        public var floats: [Float] {
            switch type {
            case "F32": load(Float.self)
            case "BF16": load(UInt16.self).map { Float(bitPattern: UInt32($0) << 16) }
            default: []
            }
        }

        /// The elements of a tensor F64; none of any other.
        public var doubles: [Double] { type == "F64" ? load(Double.self) : [] }

        /// The elements of a tensor I64; none of any other.
        public var integers: [Int] { type == "I64" ? load(Int64.self).map { Int($0) } : [] }

        private func load<Number: BitwiseCopyable>(_: Number.Type) -> [Number] {
            bytes.withUnsafeBytes { bytes in
                stride(from: 0, to: bytes.count, by: MemoryLayout<Number>.size).map {
                    bytes.loadUnaligned(fromByteOffset: $0, as: Number.self)
                }
            }
        }
    }

    struct Unreadable: Error {}

    /// By name.
    public var tensors: [String: Tensor] = [:]

    /// A file of these tensors.
    public init(_ tensors: [String: Tensor]) { self.tensors = tensors }

    /// Reads a file.
    public init(_ path: String) throws {
        let data = try Data(contentsOf: URL(fileURLWithPath: path))
        let length = Int(data.prefix(8).withUnsafeBytes { $0.loadUnaligned(as: UInt64.self) })
        guard let header = try JSONSerialization.jsonObject(with: data[8..<8 + length]) as? [String: Any] else {
            throw Unreadable()
        }
        for (name, value) in header where name != "__metadata__" {
            guard let entry = value as? [String: Any], let type = entry["dtype"] as? String,
                let shape = entry["shape"] as? [Int], let offsets = entry["data_offsets"] as? [Int]
            else { throw Unreadable() }
            let bytes = Data(data[8 + length + offsets[0]..<8 + length + offsets[1]])
            tensors[name] = Tensor(type: type, shape: shape, bytes: bytes)
        }
    }

    /// Writes a file; the same tensors give the same bytes.
    public func write(to path: String) throws {
        var header: [String: Any] = [:]
        var body = Data()
        for (name, tensor) in tensors.sorted(by: { $0.key < $1.key }) {
            header[name] = [
                "dtype": tensor.type, "shape": tensor.shape,
                "data_offsets": [body.count, body.count + tensor.bytes.count],
            ]
            body.append(tensor.bytes)
        }
        let text = try JSONSerialization.data(withJSONObject: header, options: .sortedKeys)
        let length = withUnsafeBytes(of: UInt64(text.count).littleEndian) { Data($0) }
        try (length + text + body).write(to: URL(fileURLWithPath: path))
    }
}
