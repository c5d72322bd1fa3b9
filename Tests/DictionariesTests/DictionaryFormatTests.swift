import Compute
import Dictionaries
import Foundation
import Inputs
import Testing

/// How a path is recognised.
@Suite struct DictionaryFormatTests {
    /// Recognises the same folders as SAELens.
    private struct Twin: DictionaryFormat {
        let name = "twin"
        let signature = "the same"
        func open(_ path: String) throws -> LatentDictionary? { try SAELensFormat().open(path) }
    }

    private func refusal(_ path: String, _ formats: DictionaryFormats = .all) -> String {
        #expect(throws: InputError.self) { try formats.open(path) }?.description ?? ""
    }

    @Test("a path that no format recognises: what was looked for, and what is there")
    func none() throws {
        let expected =
            "expected a dictionary in one of the formats SAELens (a folder with cfg.json and sae_weights.safetensors) or "
            + "directions (a .safetensors or .npz file with one array [vectors, width], or with nothing but arrays "
            + "[width]), found "
        #expect(refusal("/nonexistent").hasPrefix("/nonexistent: \(expected)nothing"))
        let folder = try TemporarySAE(config: [:], tensors: [:])
        try FileManager.default.removeItem(atPath: folder.path + "/cfg.json")
        #expect(refusal(folder.path).hasPrefix("\(folder.path): \(expected)a folder with sae_weights.safetensors"))
        #expect(refusal(#filePath).contains("found a file of another format"))
    }

    @Test("a path that two formats recognise: which")
    func two() throws {
        let folder = try TemporarySAE(config: SAELensFormatTests.config, tensors: SAELensFormatTests.tensors)
        let text = refusal(folder.path, DictionaryFormats([SAELensFormat(), Twin()]))
        #expect(text.contains("expected a dictionary of one format, found what could be any of SAELens, SAELens"))
    }

    @Test("a SAELens folder that lacks a file is one, and wrong")
    func incomplete() throws {
        for (name, words) in [("cfg.json", "found no cfg.json"), ("sae_weights.safetensors", "found no sae_weights")] {
            let folder = try TemporarySAE(config: SAELensFormatTests.config, tensors: SAELensFormatTests.tensors)
            try FileManager.default.removeItem(atPath: "\(folder.path)/\(name)")
            #expect(refusal(folder.path).contains(words))
        }
    }

    @Test("a folder of another format with a cfg.json is not taken for one of SAELens")
    func another() throws {
        let folder = try TemporarySAE(config: ["expansion_factor": 8, "k": 3], tensors: [:])
        #expect(try SAELensFormat().open(folder.path) == nil)
    }
}
