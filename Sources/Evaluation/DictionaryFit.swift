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

extension LatentDictionary {
    /// What sums of its activations can be.
    public var activationRule: ActivationRule { rule == .linear ? .linear : .sparse }
}
