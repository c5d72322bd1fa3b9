import Models
import Tensors
import TestSupport
import Testing

/// What must hold between forms of the base model.
@Suite struct BaseTests {
    @Test func baseAgainstItselfIsExactlyZero() throws {
        let diffs = try ReferenceJob(base: ReferenceKit.folder, tuned: [], sae: "\(ReferenceKit.persona)/sae").diffs()
        #expect(diffs.count == 3)
        for diff in diffs {
            for name in ["delta", "prompt_delta", "t", "cohens_d", "delta_half_a", "delta_half_b"] {
                #expect(try diff.columns.required(name).allSatisfy { $0 == 0 }, "\(diff.fileName): \(name)")
            }
            for name in ["p", "q"] { #expect(try diff.columns.required(name).allSatisfy { $0 == 1 }) }
            #expect(diff.fired > 100)
        }
    }

    /// The one difference between the two forms: the folder's weights are the GGUF file's, rounded to bfloat16.
    @Test func theFolderIsTheGGUFFileRoundedToBfloat16() throws {
        let (folder, gguf) = (try Checkpoint(ReferenceKit.folder), try Checkpoint(ReferenceKit.gguf))
        #expect(folder.architecture == gguf.architecture)
        let tensors = try SafetensorsFile("\(ReferenceKit.folder)/model.safetensors").tensors
        #expect(tensors.count == gguf.gguf?.tensors.count)
        for (name, view) in tensors {
            let rounded = try view.floats()
            let exact = try gguf.tensor(name, shape: view.shape).floats()
            let same = zip(rounded, exact).allSatisfy { $0.bitPattern == Self.nearestBfloat16($1).bitPattern }
            #expect(same && rounded.count == exact.count, "\(name)")
        }
    }

    /// Rounded to nearest, ties to even.
    private static func nearestBfloat16(_ value: Float) -> Float {
        let bits = value.bitPattern
        return Float(bitPattern: (bits &+ 0x7FFF &+ (bits >> 16 & 1)) & 0xFFFF_0000)
    }

    /// That rounding moves deltas by up to 2 % of the largest mean, so near neighbours may change places. For the mask
    /// last, whose means are seven times as large and taken from 64 tokens only, the gap is scaled by them.
    @Test func theGGUFFileRanksLikeTheFolder() throws {
        let names = ["villain-step-120", "careful-step-120"]
        let sae = "\(ReferenceKit.persona)/sae"
        let rounded = try ReferenceJob(base: ReferenceKit.folder, tuned: names, sae: sae).diffs()
        let exact = try ReferenceJob(base: ReferenceKit.gguf, tuned: names, sae: sae).diffs()
        for (a, b) in zip(rounded, exact) {
            let (expected, found) = (try a.columns.required("delta"), try b.columns.required("delta"))
            var largest = LargestDifference()
            largest.add(found, expected, at: "delta")
            #expect(largest.value.isFinite)
            print("\(a.fileName): largest difference in delta between GGUF and bfloat16 folder \(largest)")
            let gap = 1e-2 * (a.mask == .last ? try a.columns.required("mean_base").max() ?? 1 : 1)
            let flaw = OrderComparison(expected, found, gap: gap).firstFlaw(top: 20)
            #expect(flaw == nil, "\(a.fileName): \(flaw ?? "")")
        }
    }
}
