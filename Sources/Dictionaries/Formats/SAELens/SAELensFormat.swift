import Foundation
import Inputs
import Tensors

/// SAELens folders: `cfg.json` and `sae_weights.safetensors`.
///
/// One is recognised by the key `d_sae` in its configuration or, without it, by the tensor `W_enc` in its weights: other
/// formats have files of these names, too.
public struct SAELensFormat: DictionaryFormat {
    public let name = "SAELens"
    public let signature = "a folder with cfg.json and sae_weights.safetensors"

    /// The format.
    public init() {}

    public func open(_ path: String) throws -> LatentDictionary? {
        let (configFile, weightsFile) = ("\(path)/cfg.json", "\(path)/sae_weights.safetensors")
        let hasWeights = try Presence.isThere(weightsFile)
        let hasConfig = try Presence.isThere(configFile)
        guard hasConfig || hasWeights else { return nil }
        let document = Result { try Document(jsonFile: configFile) }
        guard Self.isConfig(document) || hasWeights && Self.isWeights(weightsFile) else { return nil }
        for (file, isThere) in [(configFile, hasConfig), (weightsFile, hasWeights)] where !isThere {
            throw InputError(
                path, expected: signature, found: "no \((file as NSString).lastPathComponent)")
        }
        let config = try SAELensConfig(document.get())
        return LatentDictionary(
            format: name, path: path, files: [configFile, weightsFile],
            input: .init(
                width: config.inputWidth, hookName: config.hookName, widthPlace: "\(configFile): d_in",
                hookNamePlace: "\(configFile): hook_name"),
            latentCount: config.latentCount, latentNames: nil, rule: config.architecture.rule,
            normalisation: config.normalisation, contents: SAELensReader(path: weightsFile, config: config))
    }

    /// What cannot be read is not recognised by it.
    private static func isConfig(_ document: Result<Document, any Error>) -> Bool {
        guard let document = try? document.get(), let size = try? document.optional("d_sae") else { return false }
        return !size.isNull
    }

    private static func isWeights(_ path: String) -> Bool {
        (try? SafetensorsFile(path))?.tensors["W_enc"] != nil
    }
}

extension SAELensConfig.Architecture {
    fileprivate var rule: LatentDictionary.Rule {
        switch self {
        case .standard: .relu
        case .topk: .topk
        case .jumprelu: .jumprelu
        case .gated: .gated
        }
    }
}
