import Inputs

/// Numbers in float64, for what is computed from few of them.
extension TensorView {
    /// The whole tensor as an array, row-major: of a type that can be widened to float32, or float64. Throws `InputError`.
    public func doubles() throws -> [Double] {
        guard type == .float64, order == .asStored else { return try floats().map(Double.init) }
        var bytes = [UInt8](repeating: 0, count: byteCount)
        try bytes.withUnsafeMutableBytes { try file.read(from: offset, into: $0) }
        return type.doubles(bytes)
    }
}

extension StoredType {
    /// Little-endian float16, float32 or float64 numbers, exactly; of other types none.
    func doubles(_ bytes: [UInt8]) -> [Double] {
        bytes.withUnsafeBytes { bytes in
            func numbers<Bits: FixedWidthInteger>(_: Bits.Type, _ value: (Bits) -> Double) -> [Double] {
                stride(from: 0, to: bytes.count, by: MemoryLayout<Bits>.size).map {
                    value(Bits(littleEndian: bytes.loadUnaligned(fromByteOffset: $0, as: Bits.self)))
                }
            }
            switch self {
            case .float16: return numbers(UInt16.self, Self.double(half:))
            case .float32: return numbers(UInt32.self) { Double(Float(bitPattern: $0)) }
            case .float64: return numbers(UInt64.self) { Double(bitPattern: $0) }
            default: return []
            }
        }
    }

    /// IEEE 754 binary16.
    private static func double(half bits: UInt16) -> Double {
        let (exponent, fraction) = (Int(bits >> 10 & 31), Double(bits & 1023))
        let size: Double =
            switch exponent {
            case 0: fraction * 0x1p-24
            case 31: fraction == 0 ? .infinity : .nan
            default: (1024 + fraction) * Double(sign: .plus, exponent: exponent - 25, significand: 1)
            }
        return bits >> 15 == 1 ? -size : size
    }
}
