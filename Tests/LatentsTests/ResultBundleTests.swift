import Foundation
import Inputs
import TestSupport
import Testing
import Work
@testable import Latents
@testable import LatentsSamples

@Suite struct ResultBundleTests {
    private let folder = try? TemporaryFolder()
    private let spec: JobSpec
    private let task: DiffTask
    private let diffs: [LatentDiff]
    private let provenance = Provenance(
        version: "0.1.0", prompts: Digest(of: "p"), tokenizer: Digest(of: "t"), shards: [Digest(of: "0")],
        isa: ["avx512", "avx2"])

    init() throws {
        spec = try LatentsSamples.spec(
            tuned: ["{name: v-1, adapter: a}", "{name: c, checkpoint: b, control: true}"], masks: "[all, last]",
            hooks: 2, "rank: {top: 3}")
        task = LatentsSamples.task(spec, latents: 7)
        let counts = [3, 4, 5, 6]
        diffs = try LatentsSamples.diffs(
            spec, task, prompts(counts, masks: spec.masks),
            (0..<3).map { randomRows(counts, latents: 7, rate: 0.7, seed: UInt64($0)) })
    }

    private func write(_ name: String) throws -> String {
        let path = try #require(folder).path + "/" + name
        try ResultBundle.write(to: path, spec: spec, task: task, provenance: provenance, results: diffs.forEach)
        return path
    }

    private func contents(_ folder: String) throws -> [String: Data] {
        let names = try FileManager.default.contentsOfDirectory(atPath: folder)
        return try Dictionary(uniqueKeysWithValues: names.map { ($0, try Document.contents(of: folder + "/" + $0)) })
    }

    @Test func whatIsReadBackIsWhatWasWritten() throws {
        let bundle = try ResultBundle(folder: write("r"))
        #expect(bundle.entries.count == 8)
        for (entry, diff) in zip(bundle.entries, diffs) {
            #expect(entry.tuned == diff.tuned && entry.hook == diff.hook.description && entry.mask == diff.mask)
            #expect(entry.tokens == diff.tokens && entry.fired == diff.fired && entry.control == diff.control)
            #expect(try bundle.columns(of: entry) == diff.columns)
        }
    }

    @Test func theSameInputsGiveTheSameBytes() throws {
        let (one, two) = (try contents(write("one")), try contents(write("two")))
        #expect(one == two)
        #expect(one.count == 1 + 8 * 3)
        // Nothing is left beside the two.
        #expect(try FileManager.default.contentsOfDirectory(atPath: #require(folder).path).sorted() == ["one", "two"])
    }

    @Test func theManifestNamesInputsAndNoMachine() throws {
        let path = try write("r")
        let manifest = try Document(jsonFile: path + "/manifest.json")
        #expect(try manifest.required("job").required("base").string() == "m")
        #expect(
            try manifest.required("inputs").required("tuned").required("v-1").string() == Digest(of: "a").description)
        #expect(try manifest.required("isa").list().map { try $0.string() } == ["avx2", "avx512"])
        #expect(try manifest.required("masks").required("all").required("tokens").integer() == 18)
        #expect(try manifest.required("results").list()[0].required("split_half").required("tested").integer() == 3)
        let text = String(decoding: try Document.contents(of: path + "/manifest.json"), as: UTF8.self)
        #expect(!text.contains("/jobs") && !text.contains(path))
        for file in try contents(path) where file.key != "manifest.json" {
            let digest = file.value.withUnsafeBytes { Digest(of: $0) }
            #expect(text.contains("\"\(file.key)\": \"\(digest)\""))
        }
    }

    @Test func aPartialBundleSaysWhatIsMissingInEveryFileThatCan() throws {
        let path = try #require(folder).path + "/r"
        let error = InputError("shard 1", expected: "a result", found: "none", hint: "look at the log")
        let partial = Provenance(
            version: "0.1.0", prompts: provenance.prompts, tokenizer: provenance.tokenizer,
            shards: [Digest(of: "0"), nil, Digest(of: "2"), nil], isa: provenance.isa,
            missing: [
                MissingShard(shard: 1, prompts: 4, tokens: 50, error: error),
                MissingShard(shard: 3, prompts: 3, tokens: 70, error: error),
            ])
        try ResultBundle.write(to: path, spec: spec, task: task, provenance: partial, results: diffs.forEach)
        let bundle = try ResultBundle(folder: path)
        let text = "PARTIAL: 2 of 4 shards (7 prompts) are missing"
        #expect(bundle.partial?.description == text && bundle.partial?.promptsMissing == 7)
        let manifest = try bundle.manifest.required("partial")
        #expect(try manifest.required("prompts_missing").integer() == 7)
        let second = try manifest.required("shards").list()[1]
        #expect(try second.required("shard").integer() == 3 && second.required("prompts").integer() == 3)
        #expect(try second.required("tokens").integer() == 70)
        #expect(
            try second.required("error").value
                == .object(["place": .string("shard 1"), "expected": .string("a result"), "found": .string("none")]))
        #expect(try bundle.manifest.required("shards").list().map(\.isNull) == [false, true, false, true])
        for (name, data) in try contents(path) where !name.hasSuffix(".csv") && name != "manifest.json" {
            #expect(String(decoding: data.prefix(4000), as: UTF8.self).contains(text), "\(name)")
        }
    }

    @Test func aCompleteBundleHasNoWordAboutMissingShards() throws {
        let path = try write("r")
        #expect(try ResultBundle(folder: path).partial == nil)
        for (name, data) in try contents(path) {
            let text = String(decoding: data.prefix(4000), as: UTF8.self)
            #expect(!text.contains("partial") && !text.contains("PARTIAL") && !text.contains("missing"), "\(name)")
        }
    }

    @Test func aManifestThatHidesAMissingShardIsRefused() throws {
        let path = try write("r")
        let file = path + "/manifest.json"
        let text = String(decoding: try Document.contents(of: file), as: UTF8.self)
        try text.replacingOccurrences(of: "\"\(Digest(of: "0"))\"\n", with: "null\n")
            .write(toFile: file, atomically: true, encoding: .utf8)
        let found = try complaint { _ = try ResultBundle(folder: path) }
        #expect(found.contains("\(file): expected 1 missing shards, as many as have no digest, found 0"), "\(found)")
    }

    /// The facts of the safetensors format: length, header, contiguous offsets, arrays aligned to eight bytes.
    @Test func columnsAreASafetensorsFile() throws {
        let data = Array(try Document.contents(of: write("r") + "/latents.v-1.resid_post.1.last.safetensors"))
        let length = (0..<8).reduce(0) { $0 | Int(data[$1]) << (8 * $1) }
        #expect((8 + length) % 8 == 0 && data[8] == UInt8(ascii: "{"))
        let header = try JSONSerialization.jsonObject(with: Data(data[8..<(8 + length)]))
        let tensors = try #require(header as? [String: [String: Any]])
        #expect((tensors["__metadata__"] as? [String: String])?["mask"] == "last")
        let delta = try #require(tensors["delta"])
        #expect(delta["dtype"] as? String == "F64" && delta["shape"] as? [Int] == [7])
        let offsets = try #require(delta["data_offsets"] as? [Int])
        #expect(offsets == [2 * 56, 3 * 56])
        let start = 8 + length + offsets[0]
        let bits = (0..<8).reduce(UInt64(0)) { $0 | UInt64(data[start + $1]) << UInt64(8 * $1) }
        let diff = try #require(diffs.first { $0.fileName == "v-1.resid_post.1.last" })
        #expect(try Double(bitPattern: bits) == diff.columns.required("delta")[0])
        #expect(data.count == 8 + length + diff.columns.names.count * 56)
    }

    @Test func aResultFolderIsNeverOverwritten() throws {
        let path = try #require(folder).path + "/r"
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: false)
        let text = try complaint { _ = try write("r") }
        #expect(text.contains("\(path): expected a folder that does not exist yet, found one that does"))
        #expect(try FileManager.default.contentsOfDirectory(atPath: path).isEmpty)
    }

    @Test func aParentThatCannotBeWrittenIsNamed() throws {
        let path = try #require(folder).path
        try Data().write(to: URL(fileURLWithPath: path + "/file"))
        #expect(
            try complaint { _ = try write("file/r") }
                == "\(path)/file/r: expected a place where a folder can be made, found Not a directory")
    }

    @Test func aFailedWriteLeavesNothingBehind() throws {
        var broken = diffs
        broken[7].columns = LatentColumns(latents: 7)
        let path = try #require(folder).path
        let text = try complaint {
            try ResultBundle.write(
                to: path + "/r", spec: spec, task: task, provenance: provenance, results: broken.forEach)
        }
        #expect(text.contains("expected a column 'delta'"))
        #expect(try FileManager.default.contentsOfDirectory(atPath: path).isEmpty)
    }

    @Test func aChangedFileIsRefused() throws {
        let path = try write("r")
        let file = path + "/latents.v-1.resid_post.0.all.safetensors"
        var data = try Document.contents(of: file)
        data[data.count - 1] ^= 1
        try data.write(to: URL(fileURLWithPath: file))
        let bundle = try ResultBundle(folder: path)
        let text = try complaint { _ = try bundle.columns(of: bundle.entries[0]) }
        #expect(text.contains("\(file): expected SHA-256") && text.contains("the file was changed after the job"))
    }

    @Test(arguments: [
        (#""format": "actdiff-result""#, #""format": "other""#, "format: expected \"actdiff-result\", found \"other\""),
        (#""format_version": 1"#, #""format_version": 2"#, "format_version: expected 1, found 2"),
        (#""mask": "all""#, #""mask": "most""#, "results[0].mask: expected a mask, found \"most\""),
        (#""tuned": "v-1""#, #""tuned": "../v""#, "results[0].tuned: expected a name without /"),
        (#""fired""#, #""died""#, "expected the key 'fired'"),
    ])
    func anotherManifestIsRefused(old: String, new: String, expected: String) throws {
        let path = try write("r")
        let file = path + "/manifest.json"
        let text = String(decoding: try Document.contents(of: file), as: UTF8.self)
        try text.replacingOccurrences(of: old, with: new).write(toFile: file, atomically: true, encoding: .utf8)
        let found = try complaint { _ = try ResultBundle(folder: path) }
        #expect(found.contains(file) && found.contains(expected), "\(found)")
    }

    @Test func aFolderThatIsNoBundleIsRefused() throws {
        let path = try #require(folder).path
        #expect(
            try complaint { _ = try ResultBundle(folder: path) }.contains(
                "\(path)/manifest.json: expected a readable file"))
    }

    /// Damaged column files are refused, never a crash; the digest is not asked here.
    @Test func damagedColumnsAreReadOrRefused() throws {
        let good = try ColumnFile.bytes(diffs[0].columns, metadata: ["a": "b"])
        let headerEnd = 8 + Int(good[0]) + Int(good[1]) << 8
        var random = SeededGenerator(seed: 2)
        var refused = 0
        for _ in 0..<1000 {
            var data = good
            if Bool.random(using: &random) {
                data.removeLast(Int.random(in: 1...data.count, using: &random))
            } else {
                data[Int.random(in: 0..<headerEnd, using: &random)] = UInt8.random(in: 0...255, using: &random)
            }
            do {
                _ = try ColumnFile.columns(data, file: "x")
            } catch is InputError {
                refused += 1
            }
        }
        #expect(refused > 600)
    }
}
