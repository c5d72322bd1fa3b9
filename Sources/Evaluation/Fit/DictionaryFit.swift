import Dictionaries
import Inputs
import Models

/// Whether a dictionary belongs where a job wants to use it.
public enum DictionaryFit {
    /// Throws if the dictionary reads another width than the model has, or was trained at another place.
    public static func check(_ dictionary: LatentDictionary, point: HookPoint, model: Architecture) throws {
        let input = dictionary.input
        guard input.width == model.hiddenSize else {
            throw InputError(
                input.widthPlace, expected: "the model's hidden size \(model.hiddenSize)", found: "\(input.width)",
                hint: dictionary.activationRule == .linear
                    ? "these vectors were made for another model" : "this SAE was trained on another model",
                kind: .configuration)
        }
        if let trainedOn = input.hookName, trainedOn != point.transformerLensName {
            throw InputError(
                input.hookNamePlace, expected: "\(point.transformerLensName), as the job's hook says",
                found: trainedOn,
                hint:
                    "change layer and site of the hook, or the SAE; if its name is another word for this place, correct "
                    + "hook_name in cfg.json", kind: .configuration)
        }
    }
}

extension DictionaryFit {
    /// Throws if the dictionary is not what the task was planned with.
    static func check(_ dictionary: LatentDictionary, is hook: EvaluatedHook) throws {
        guard dictionary.latentCount == hook.latents, dictionary.activationRule == hook.rule else {
            throw InputError(
                dictionary.path, expected: "\(hook.latents) latents with the rule \(hook.rule.rawValue)",
                found: "\(dictionary.latentCount) with \(dictionary.activationRule.rawValue)",
                hint: "the dictionary was replaced after the job was planned", kind: .configuration)
        }
    }

    /// Throws if the model has no such layer.
    public static func checkDepth(_ point: HookPoint, model: Architecture) throws {
        guard point.layer < model.layerCount else {
            throw InputError(
                "hook \(point)",
                expected: "a layer below \(model.layerCount), the model's number of layers",
                found: "\(point.layer)", hint: "layers count from 0")
        }
    }
}

extension LatentDictionary {
    /// What sums of its activations can be.
    public var activationRule: ActivationRule { rule == .linear ? .linear : .sparse }
}
