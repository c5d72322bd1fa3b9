import Foundation
import Inputs
import Models
import Tensors
import TestSupport
import Testing

/// Damaged containers either parse or throw an `InputError`; nothing crashes and no other error escapes.
struct DamagedFilesTests {
    /// Cuts off or changes bytes, mostly within the first `header` ones; from a seed.
    private func damaged(_ whole: Data, header: Int, seed: UInt64) -> Data {
        var random = SeededGenerator(seed: seed)
        let reach = Bool.random(using: &random) ? min(header, whole.count) : whole.count
        if Int.random(in: 0..<4, using: &random) == 0 {
            return whole.prefix(Int.random(in: 0..<reach, using: &random))
        }
        var data = whole
        for _ in 0..<Int.random(in: 1...2, using: &random) {
            data[Int.random(in: 0..<reach, using: &random)] = UInt8.random(in: 0...255, using: &random)
        }
        return data
    }

    /// Opens damaged copies and widens all that they still hold; counts those that were refused.
    private func refused(
        _ whole: Data, header: Int, name: String, seeds: Range<UInt64>, _ open: (String) throws -> [TensorView]
    ) throws -> Int {
        let folder = try TemporaryFolder()
        var refused = 0
        for seed in seeds {
            let path = try folder.write(name, damaged(whole, header: header, seed: seed))
            do {
                for tensor in try open(path) where StoredType.widenable.contains(tensor.type) {
                    _ = try tensor.floats()
                }
            } catch let error as InputError {
                #expect(error.place.hasPrefix(path), "seed \(seed)")
                refused += 1
            }
        }
        return refused
    }

    @Test func damagedSafetensorsParseOrAreRefused() throws {
        let whole = try Data(contentsOf: URL(filePath: golden("tiny-widened.safetensors")))
        // A whole small file: three tensors, one of them two bytes wide.
        let small = zeroTensors(["model.layers.0.a": [4, 8], "b": [3], "c": []], type: "F16", bytes: 2)
        let open = { (path: String) in try Array(SafetensorsFile(path).tensors.values) }
        let some = try refused(small, header: 220, name: "x.safetensors", seeds: 0..<2000, open)
        let large = try refused(whole, header: 2000, name: "x.safetensors", seeds: 0..<100, open)
        print("damaged safetensors: \(some) of 2000 and \(large) of 100 refused, none crashed")
        #expect(some > 1000 && some < 2000 && large > 30 && large < 100)
    }

    @Test func damagedGGUFFilesParseOrAreRefused() throws {
        let whole = try Data(contentsOf: URL(filePath: golden("tiny.gguf")))
        let some = try refused(whole, header: 3400, name: "x.gguf", seeds: 0..<2000) {
            try Array(GGUFFile($0).tensors.values)
        }
        print("damaged GGUF files: \(some) of 2000 refused, none crashed")
        #expect(some > 500 && some < 2000)
    }

    @Test func damagedGGUFModelsOpenOrAreRefused() throws {
        let whole = try Data(contentsOf: URL(filePath: golden("tiny.gguf")))
        let some = try refused(whole, header: 3400, name: "x.gguf", seeds: 10_000..<11_000) { path in
            let model = try Checkpoint(path)
            return model.gguf.map { Array($0.tensors.values) } ?? []
        }
        #expect(some > 300 && some < 1000)
    }
}
