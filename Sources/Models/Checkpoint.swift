import Foundation
import Inputs
import Tensors

/// A model's weights and architecture: a Hugging Face folder with safetensors, or a GGUF file.
public struct Checkpoint: Sendable {
    /// The folder or file, as it was given.
    public let path: String
    public let architecture: Architecture
    /// Every file that was read and decides the weights: config.json, index and shards, or the GGUF file.
    public let files: [String]
    /// The GGUF file with its metadata (tokenizer, chat template); nil for a folder.
    public let gguf: GGUFFile?
    /// By the names of the architecture.
    private let tensors: [String: TensorView]

    /// Opens a checkpoint and checks headers and configuration; weights stay in their files.
    ///
    /// Throws `InputError` for a model of none of the `families`, for a key of its configuration that its family does not
    /// know, and for a tensor that its architecture does not have: leaving it out would silently give another model.
    public init(_ path: String, families: ModelFamilies = .standard) throws {
        self.path = path
        switch try InputKind.detect(path) {
        case .modelFolder:
            let configPath = path + "/config.json"
            let keys = ConfigKeys(try Document(jsonFile: configPath))
            let family = try families.family(of: keys)
            architecture = try family.read(keys)
            try keys.refuseOthers()
            let weights = try FolderWeights(path)
            tensors = try Self.claimed(
                weights.tensors, names: architecture.names, unused: family.unused, architecture, hasRotaryPairs: false)
            gguf = nil
            files = [configPath] + weights.files
        case .ggufFile:
            let file = try GGUFFile(path)
            let form = try families.form(of: file)
            let keys = try GGUFKeys(file, architecture: form.name)
            architecture = try form.read(keys)
            try keys.refuseOthers()
            tensors = try Self.claimed(
                file.tensors, names: form.names, unused: form.unused, architecture,
                hasRotaryPairs: form.hasRotaryPairs)
            gguf = file
            files = [path]
        case .adapterFolder:
            throw InputError(
                path, expected: "a model: a Hugging Face folder or a GGUF file", found: "an adapter folder",
                hint: "name it as an adapter, beside the model that it was trained on")
        }
    }

    /// A tensor in the shape that the architecture gives it.
    ///
    /// Throws an `InputError` with file and tensor where it is missing, has another shape or cannot be widened.
    public func tensor(_ slot: TensorSlot) throws -> TensorView {
        try tensor(architecture.names.name(of: slot) ?? "\(slot)", shape: architecture.shape(of: slot))
    }

    /// The tensor with this name, such as `model.layers.3.self_attn.q_proj.weight`: that of the architecture's names, for
    /// GGUF files too.
    public func tensor(_ name: String, shape: [Int]) throws -> TensorView {
        guard let tensor = tensors[name] else {
            throw InputError("\(path): \(name)", expected: "a tensor of shape \(shape)", found: "no such tensor")
        }
        try tensor.require(shape: shape)
        return tensor
    }

    /// A file's tensors under the architecture's names, query and key rows in the architecture's order. `names` are the
    /// file's own; `*` in those of `unused` stands for a layer.
    private static func claimed(
        _ found: [String: TensorView], names: ModuleNames, unused: [String], _ architecture: Architecture,
        hasRotaryPairs: Bool
    ) throws -> [String: TensorView] {
        var slots: [String: TensorSlot] = [:]
        for slot in architecture.slots {
            if let name = names.name(of: slot) { slots[name] = slot }
        }
        let layers = 0..<architecture.layerCount
        let unused = Set(unused.flatMap { name in layers.map { name.replacing("*", with: "\($0)") } })
        var claimed: [String: TensorView] = [:]
        for (name, tensor) in found.sorted(by: { $0.key < $1.key }) where !unused.contains(name) {
            guard let slot = slots[name], let own = architecture.names.name(of: slot) else {
                throw InputError(
                    tensor.place,
                    expected: "a tensor of a \(architecture.family) model of \(architecture.layerCount) layers",
                    found: "this one", hint: "the model has a part that is not supported")
            }
            var order = TensorView.RowOrder.asStored
            if hasRotaryPairs, slot.isOfQueriesOrKeys {
                try tensor.require(shape: architecture.shape(of: slot))
                order = .rotaryPairs(headSize: architecture.attention.headSize)
            }
            claimed[own] = tensor.renamed(own, order: order)
        }
        return claimed
    }
}

extension TensorSlot {
    /// Whether its rows are those of heads that rotary positions turn.
    fileprivate var isOfQueriesOrKeys: Bool {
        switch self {
        case .weight(let linear, _), .bias(let linear, _): linear == .query || linear == .key
        default: false
        }
    }
}
