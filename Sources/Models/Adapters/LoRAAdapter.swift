import Foundation
import Inputs
import Tensors

/// A PEFT LoRA adapter: low-rank pairs for linear layers of one model. A layer's output gains scale · B · (A · x).
public struct LoRAAdapter: Sendable {
    /// The two factors of one linear layer's change.
    public struct Pair: Sendable {
        /// [rank, in].
        public let a: TensorView
        /// [out, rank].
        public let b: TensorView
        public let scale: Float
        public let rank: Int
    }

    /// The pairs by module path, such as `model.layers.6.self_attn.q_proj`; never empty.
    public let pairs: [String: Pair]
    /// The lowest layer that has a pair: what is computed below it does not change.
    public let firstLayer: Int
    /// The files that were read: configuration and weights.
    public let files: [String]

    /// Opens an adapter folder and checks it against the model that it is for.
    ///
    /// Every tensor of the file must belong to a module that the configuration targets, and every targeted module must have
    /// both factors in the right shapes; anything else throws an `InputError` that names the module.
    public init(_ path: String, for architecture: Architecture) throws {
        guard try InputKind.detect(path) == .adapterFolder else {
            throw InputError(path, expected: "a PEFT adapter folder", found: "a model")
        }
        let configPath = "\(path)/adapter_config.json"
        let adapter = try AdapterConfig(configPath, layerCount: architecture.layerCount)
        let weightsPath = try Self.weightsPath(path)
        let factors = try Self.factors(in: weightsPath)
        let layers = (0..<architecture.layerCount).map(architecture.linearLayers(of:))
        let targeted = try Self.targeted(layers, architecture, adapter, configPath)
        for module in factors.keys.sorted() where targeted[module] == nil {
            let known = layers.joined().contains { $0.path == module }
            throw InputError(
                "\(weightsPath): \(module)",
                expected: known
                    ? "only modules that target_modules names"
                    : "only linear layers of the model, which has \(architecture.layerCount) layers",
                found: "a pair for this module", hint: known ? "" : "the adapter was trained on another model")
        }
        var pairs: [String: Pair] = [:]
        for (module, layer) in targeted.sorted(by: { $0.key < $1.key }) {
            pairs[module] = try Self.pair(layer, factors[module] ?? [:], adapter, weightsPath)
        }
        self.pairs = pairs
        firstLayer = layers.firstIndex { $0.contains { pairs[$0.path] != nil } } ?? 0
        files = [configPath, weightsPath]
    }

    private static func weightsPath(_ folder: String) throws -> String {
        let path = "\(folder)/adapter_model.safetensors"
        guard try !Presence.isThere(path) else { return path }
        let pickle = try Presence.isThere("\(folder)/adapter_model.bin")
        throw InputError(
            folder, expected: "adapter_model.safetensors", found: pickle ? "adapter_model.bin, a pickle" : "no weights",
            hint: pickle ? "pickles can run code and are not read: save the adapter as safetensors" : "")
    }

    /// The file's tensors by module path, then by "A" and "B".
    private static func factors(in path: String) throws -> [String: [String: TensorView]] {
        var factors: [String: [String: TensorView]] = [:]
        let prefix = "base_model.model."
        for (name, tensor) in try SafetensorsFile(path).tensors.sorted(by: { $0.key < $1.key }) {
            let factor = ["A", "B"].first { name.hasSuffix(".lora_\($0).weight") }
            guard let factor, name.hasPrefix(prefix) else {
                throw InputError(
                    tensor.place, expected: "only names of the form \(prefix)<module>.lora_A.weight or lora_B.weight",
                    found: "this tensor", hint: "the adapter has a part that is not supported")
            }
            let module = name.dropFirst(prefix.count).dropLast(".lora_A.weight".count)
            factors[String(module), default: [:]][factor] = tensor
        }
        return factors
    }

    /// The linear layers that the configuration names, by path.
    private static func targeted(
        _ layers: [[AdaptableLinear]], _ architecture: Architecture, _ adapter: AdapterConfig, _ configPath: String
    ) throws -> [String: AdaptableLinear] {
        let place = "\(configPath): target_modules"
        for module in architecture.otherModules where try adapter.targets.include(module, isLinear: false) {
            throw InputError(
                place, expected: "only linear layers of attention and feed-forward", found: "a match with \(module)",
                hint: "adapters of embeddings, the output head and anything but linear layers are not supported")
        }
        var targeted: [String: AdaptableLinear] = [:]
        for layer in layers.joined() where try adapter.targets.include(layer.path, isLinear: true) {
            targeted[layer.path] = layer
        }
        guard !targeted.isEmpty else {
            throw InputError(
                place, expected: "a linear layer such as q_proj", found: "no module of the model that it names",
                hint: "the adapter was trained on another model")
        }
        return targeted
    }

    private static func pair(
        _ layer: AdaptableLinear, _ factors: [String: TensorView], _ adapter: AdapterConfig, _ path: String
    ) throws -> Pair {
        guard let a = factors["A"], let b = factors["B"] else {
            let missing = factors["A"] == nil ? "lora_A" : "lora_B"
            throw InputError(
                "\(path): \(layer.path)", expected: "a pair for this module, which target_modules names",
                found: "no \(missing).weight",
                hint: "the file is incomplete, or the adapter was trained on another model")
        }
        let rank = try adapter.rank(of: layer.path)
        try a.require(shape: [rank, layer.input])
        try b.require(shape: [layer.output, rank])
        return Pair(a: a, b: b, scale: try adapter.scale(of: layer.path), rank: rank)
    }
}
