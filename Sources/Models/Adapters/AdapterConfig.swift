import Foundation
import Inputs

/// A PEFT `adapter_config.json` of a plain LoRA adapter. Every variant that computes something else is refused by name.
struct AdapterConfig {
    let targets: ModuleTargets
    private let path: String
    private let rank: Int
    private let alpha: Double
    private let rankStabilised: Bool
    private let rankPatterns: [(pattern: PythonPattern, value: Int)]
    private let alphaPatterns: [(pattern: PythonPattern, value: Double)]

    /// Patterns under one key. An adapter with a rank for each module of the largest models has less than a thousand, and
    /// every module is held against every pattern.
    static let mostPatterns = 4096

    init(_ path: String, layerCount: Int) throws {
        self.path = path
        let effort = PythonPattern.Effort()
        let text = try Document.contents(of: path, atMost: JSONLimits.standard.bytes)
        let config = try Document(json: text, file: path)
        let type = try config.required("peft_type")
        guard try type.string() == "LORA" else { throw type.error(expected: "the supported adapter type \"LORA\"") }
        try Self.refuseVariants(config)
        rank = try config.required("r").integer(atLeast: 1)
        alpha = try config.required("lora_alpha").number()
        rankStabilised = try config.optional("use_rslora")?.bool() ?? false
        rankPatterns = try Self.patterns("rank_pattern", config, text, effort) { try $0.integer(atLeast: 1) }
        alphaPatterns = try Self.patterns("alpha_pattern", config, text, effort) { try $0.number() }
        targets = try ModuleTargets(config, layerCount: layerCount, effort: effort)
    }

    /// The rank of a module's pair: the first of `rank_pattern` that fits, or `r`.
    func rank(of module: String) throws -> Int {
        try rankPatterns.first { try $0.pattern.matchesStart(of: module) }?.value ?? rank
    }

    /// What B·A is multiplied by: alpha / rank, or alpha / sqrt(rank) with `use_rslora`. Throws `InputError` where that is
    /// beyond float32.
    func scale(of module: String) throws -> Float {
        let alpha = try alphaPatterns.first { try $0.pattern.matchesStart(of: module) }?.value ?? alpha
        let rank = Double(try rank(of: module))
        let scale = Float(rankStabilised ? alpha / rank.squareRoot() : alpha / rank)
        guard scale.isFinite else {
            throw InputError(
                "\(path): lora_alpha", expected: "a scale for \(module) that float32 holds", found: "\(alpha)")
        }
        return scale
    }

    /// `rank_pattern` or `alpha_pattern`, in the file's order, because the first that fits counts.
    private static func patterns<Value>(
        _ key: String, _ config: Document, _ text: Data, _ effort: PythonPattern.Effort,
        _ read: (Document) throws -> Value
    ) throws -> [(pattern: PythonPattern, value: Value)] {
        guard let stated = try config.optional(key) else { return [] }
        guard try stated.object().count <= mostPatterns else {
            throw stated.error(expected: "at most \(mostPatterns) patterns")
        }
        return try JSONNames.names(in: text, of: key, file: config.file).map { name in
            let value = try stated.required(name)
            // PEFT's own form: the pattern is the path's end, or all of it.
            return (
                try PythonPattern(name, prefix: "(.*\\.)?(", suffix: ")$", effort: effort, place: value.place),
                try read(value)
            )
        }
    }

    /// Keys that are read, or that say nothing about what a trained adapter computes.
    private static let plainKeys: Set<String> = [
        "peft_type", "r", "lora_alpha", "use_rslora", "target_modules", "exclude_modules", "layers_to_transform",
        "layers_pattern", "rank_pattern", "alpha_pattern", "bias", "init_lora_weights", "auto_mapping",
        "base_model_name_or_path", "revision", "inference_mode", "lora_dropout", "megatron_core", "peft_version",
        "qalora_group_size", "task_type", "runtime_config", "eva_config",
    ]

    private static let variants = [
        "use_dora": "DoRA is not supported",
        "modules_to_save": "modules that were trained whole are not supported: merge the adapter into a model folder",
        "lora_bias": "bias training is not supported",
        "fan_in_fan_out": "transposed weights are not supported",
        "trainable_token_indices": "trained token embeddings are not supported",
        "target_parameters": "adapters of bare parameters are not supported",
        "layer_replication": "replicated layers are not supported",
    ]

    private static func refuseVariants(_ config: Document) throws {
        for key in try config.object().keys.sorted() where !plainKeys.contains(key) {
            guard let stated = try config.optional(key), isLive(stated.value) else { continue }
            throw stated.error(
                expected: "none or false", hint: variants[key] ?? "this may be a variant of LoRA that is not supported")
        }
        if let bias = try config.optional("bias"), try bias.string() != "none" {
            throw bias.error(expected: "\"none\"", hint: "bias training is not supported")
        }
        try refuseChangedBase(config)
    }

    /// PiSSA, OLoRA, CorDA, LoftQ and the like change the base weights when the adapter is made, and again when it is
    /// loaded: the pairs alone do not say what the tuned model computes. These others only choose where training starts.
    private static func refuseChangedBase(_ config: Document) throws {
        guard let stated = try config.optional("init_lora_weights") else { return }
        switch stated.value {
        case .bool: return
        case .string(let text) where ["gaussian", "eva", "orthogonal"].contains(text): return
        default:
            throw stated.error(
                expected: "true, false, \"gaussian\", \"eva\" or \"orthogonal\"",
                hint: "others change the base weights: convert the adapter with PEFT's "
                    + "save_pretrained(path_initial_model_for_weight_conversion=…)")
        }
    }

    private static func isLive(_ value: Document.Value) -> Bool {
        ![.null, .bool(false), .string(""), .array([]), .object([:])].contains(value)
    }
}
