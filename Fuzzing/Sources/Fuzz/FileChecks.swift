import Dictionaries
import Inputs

/// Files of named vectors: safetensors, and NumPy's arrays in zip archives.
enum FileChecks {
    static func check(_ bytes: [UInt8]) -> CInt {
        let path = file.holding(bytes)
        guard let dictionary = try? DirectionsFormat().open(path) else { return 0 }
        demand(dictionary.latentCount == dictionary.latentNames?.count, "a vector without a name")
        let last = dictionary.latentCount - 1
        // Numbers beyond float32's are refused here only.
        guard let rows = try? dictionary.decoderRows([0, last]) else { return 0 }
        demand(rows.map(\.count) == [dictionary.input.width, dictionary.input.width], "rows of another width")
        return 0
    }

    private static let file = must("file in memory") { try MemoryFile() }
}
