import Compute
import Dictionaries
import Inputs
import Testing

/// What is refused, and how it is told.
@Suite struct SAELensFormatTests {
    static let tensors: [String: (shape: [Int], values: [Float])] = [
        "W_enc": ([2, 3], [1, 2, 3, 4, 5, 6]), "W_dec": ([3, 2], [1, 2, 3, 4, 5, 6]), "b_enc": ([3], [0, 0, 0]),
        "b_dec": ([2], [0, 0]),
    ]
    static let config: [String: any Sendable] = ["architecture": "standard", "d_in": 2, "d_sae": 3]

    private func refusal(
        config extra: [String: any Sendable] = [:], without: String? = nil,
        replacing: [String: (shape: [Int], values: [Float])] = [:]
    ) throws -> String {
        var tensors = Self.tensors.merging(replacing) { $1 }
        if let without { tensors[without] = nil }
        let folder = try TemporarySAE(config: Self.config.merging(extra) { $1 }, tensors: tensors)
        do {
            _ = try DictionaryFormats.all.open(folder.path).encoder(threads: Threads(1))
        } catch let error as InputError {
            return error.description
        }
        return "accepted"
    }

    @Test func theSmallFolderIsFine() throws {
        #expect(try refusal() == "accepted")
        #expect(try refusal(config: ["normalize_activations": "none", "reshape_activations": "none"]) == "accepted")
    }

    @Test func magnitudesBeyondFloat32AreRefused() throws {
        let ones = (shape: [3], values: [Float](repeating: 1, count: 3))
        var gated = ["b_gate": ones, "b_mag": ones, "r_mag": ones]
        let config = ["architecture": "gated"]
        #expect(try refusal(config: config, without: "b_enc", replacing: gated) == "accepted")
        gated["r_mag"] = ([3], [1, 89, 1])
        #expect(
            try refusal(config: config, without: "b_enc", replacing: gated).contains(
                "r_mag: expected numbers whose exponentials float32 can hold, found larger ones"))
    }

    @Test(arguments: ["batchtopk", "transcoder", "crosscoder", "temporal"])
    func anotherArchitectureIsNamed(architecture: String) throws {
        let text = try refusal(config: ["architecture": architecture])
        #expect(text.contains("cfg.json: architecture"))
        #expect(text.contains("expected one of standard, topk, jumprelu, gated"))
        #expect(text.contains("found \"\(architecture)\""))
    }

    @Test func anUnknownKeyIsNamed() throws {
        let text = try refusal(config: ["activation_temperature": 2])
        #expect(text.contains("found 'activation_temperature'"))
    }

    @Test func aNormThatIsNotInTheFileIsRefused() throws {
        let text = try refusal(config: ["normalize_activations": "expected_average_only_in"])
        #expect(text.contains("cfg.json: normalize_activations"))
        #expect(text.contains("hint: the average norm this SAE was trained with is not in its file"))
    }

    @Test func missingTensorsAndWrongShapesAreNamed() throws {
        #expect(try refusal(without: "b_enc").contains("sae_weights.safetensors: b_enc: expected a tensor [3]"))
        #expect(
            try refusal(replacing: ["W_enc": ([3, 2], [1, 2, 3, 4, 5, 6])]).contains(
                "W_enc: expected shape [2, 3], found [3, 2]"))
        #expect(
            try refusal(config: ["architecture": "jumprelu"]).contains("threshold: expected a tensor [3]"))
    }

    @Test func aTensorOfAnotherArchitectureIsNamed() throws {
        let text = try refusal(replacing: ["threshold": ([3], [0, 0, 0])])
        #expect(text.contains("threshold: expected only"))
        #expect(text.contains("is the architecture in cfg.json the right one?"))
    }

    @Test func anotherWidthThanTheFileSaysIsNamed() throws {
        #expect(try refusal(config: ["d_in": 4]).contains("W_enc: expected shape [4, 3], found [2, 3]"))
    }

    @Test func topKMustFitTheDictionary() throws {
        #expect(try refusal(config: ["architecture": "topk", "k": 4]).contains("k: expected at most d_sae = 3"))
        #expect(try refusal(config: ["architecture": "topk"]).contains("expected the key 'k'"))
    }

    @Test func rescalingBelongsToTopKAlone() throws {
        let text = try refusal(config: ["rescale_acts_by_decoder_norm": true])
        #expect(text.contains("rescale_acts_by_decoder_norm: expected false for architecture standard, found true"))
    }

    @Test func infiniteWeightsAreRefused() throws {
        let text = try refusal(replacing: ["b_enc": ([3], [0, .infinity, 0])])
        #expect(text.contains("b_enc: expected finite numbers"))
    }

    @Test("decoder rows are those of the file, and only those that there are")
    func decoderRows() throws {
        let folder = try TemporarySAE(config: Self.config, tensors: Self.tensors)
        let dictionary = try DictionaryFormats.all.open(folder.path)
        #expect(try dictionary.decoderRows([2, 0]) == [[5, 6], [1, 2]])
        let error = #expect(throws: InputError.self) { try dictionary.decoderRows([1, 3]) }
        #expect(error?.description == "\(folder.path): expected a latent below 3, found 3")
    }
}
