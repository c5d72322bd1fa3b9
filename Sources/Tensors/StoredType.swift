/// How a tensor's elements are held in a file.
///
/// Raw values are the names that the formats use: safetensors dtypes, and ggml type names in upper case.
public enum StoredType: String, Sendable, Hashable, CaseIterable {
    case float32 = "F32"
    case float16 = "F16"
    case bfloat16 = "BF16"
    case q4_0 = "Q4_0"
    case q4_1 = "Q4_1"
    case q8_0 = "Q8_0"

    // What a container may hold beside: sized, so that the container can be checked, but not widened.
    case float64 = "F64"
    case complex64 = "C64"
    case float8E5M2 = "F8_E5M2"
    case float8E5M2FNUZ = "F8_E5M2FNUZ"
    case float8E4M3 = "F8_E4M3"
    case float8E4M3FNUZ = "F8_E4M3FNUZ"
    case float8E8M0 = "F8_E8M0"
    case float6E2M3 = "F6_E2M3"
    case float6E3M2 = "F6_E3M2"
    case float4 = "F4"
    case bool = "BOOL"
    case int8 = "I8"
    case int16 = "I16"
    case int32 = "I32"
    case int64 = "I64"
    case uint8 = "U8"
    case uint16 = "U16"
    case uint32 = "U32"
    case uint64 = "U64"
    case q5_0 = "Q5_0"
    case q5_1 = "Q5_1"
    case q8_1 = "Q8_1"
    case q2K = "Q2_K"
    case q3K = "Q3_K"
    case q4K = "Q4_K"
    case q5K = "Q5_K"
    case q6K = "Q6_K"
    case q8K = "Q8_K"
    case iq1S = "IQ1_S"
    case iq1M = "IQ1_M"
    case iq2XXS = "IQ2_XXS"
    case iq2XS = "IQ2_XS"
    case iq2S = "IQ2_S"
    case iq3XXS = "IQ3_XXS"
    case iq3S = "IQ3_S"
    case iq4NL = "IQ4_NL"
    case iq4XS = "IQ4_XS"
    case tq1_0 = "TQ1_0"
    case tq2_0 = "TQ2_0"
    case mxfp4 = "MXFP4"
    case nvfp4 = "NVFP4"
    case q1_0 = "Q1_0"

    /// The types that can be widened to float32.
    public static let widenable: [StoredType] = [.float32, .float16, .bfloat16, .q4_0, .q4_1, .q8_0]

    /// Whether only a GGUF file can hold it.
    var isGGMLOnly: Bool { block.elements >= 32 }

    /// Elements are stored in blocks of this many, each of this many bytes.
    var block: (elements: Int, bytes: Int) {
        switch self {
        case .bool, .int8, .uint8, .float8E5M2, .float8E5M2FNUZ, .float8E4M3, .float8E4M3FNUZ, .float8E8M0: (1, 1)
        case .float16, .bfloat16, .int16, .uint16: (1, 2)
        case .float32, .int32, .uint32: (1, 4)
        case .float64, .int64, .uint64, .complex64: (1, 8)
        case .float4: (2, 1)
        case .float6E2M3, .float6E3M2: (4, 3)
        case .q4_0, .iq4NL: (32, 18)
        case .q4_1: (32, 20)
        case .q5_0: (32, 22)
        case .q5_1: (32, 24)
        case .q8_0: (32, 34)
        case .q8_1: (32, 40)
        case .mxfp4: (32, 17)
        case .nvfp4: (64, 36)
        case .q1_0: (128, 18)
        case .q2K: (256, 84)
        case .q3K: (256, 110)
        case .q4K: (256, 144)
        case .q5K: (256, 176)
        case .q6K: (256, 210)
        case .q8K: (256, 292)
        case .iq1S: (256, 50)
        case .iq1M: (256, 56)
        case .iq2XXS: (256, 66)
        case .iq2XS: (256, 74)
        case .iq2S: (256, 82)
        case .iq3XXS: (256, 98)
        case .iq3S: (256, 110)
        case .iq4XS: (256, 136)
        case .tq1_0: (256, 54)
        case .tq2_0: (256, 66)
        }
    }

    /// Bytes that this many elements take; nil where they do not fill whole blocks or the number overflows.
    func byteCount(of elements: Int) -> Int? {
        guard elements.isMultiple(of: block.elements) else { return nil }
        let (bytes, overflow) = (elements / block.elements).multipliedReportingOverflow(by: block.bytes)
        return overflow ? nil : bytes
    }
}

/// The number of elements in a tensor of this shape; nil where it overflows or an extent is negative.
func elementCount(of shape: [Int]) -> Int? {
    var count = 1
    for extent in shape {
        guard extent >= 0 else { return nil }
        let (product, overflow) = count.multipliedReportingOverflow(by: extent)
        guard !overflow else { return nil }
        count = product
    }
    return count
}
