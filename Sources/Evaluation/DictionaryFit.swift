import Dictionaries
import Diffing
import Inputs
import Models

/// Whether a dictionary belongs where a job wants to use it.
public enum DictionaryFit {
    /// Throws if the dictionary reads another width than the model has, or was trained at another place.
    public static func check(
        _ dictionary: SAELensFolder.Description, folder: String, point: HookPoint, model: ModelConfig
    ) throws {
        guard dictionary.inputWidth == model.hiddenSize else {
            throw InputError(
                "\(folder)/cfg.json: d_in", expected: "the model's hidden size \(model.hiddenSize)",
                found: "\(dictionary.inputWidth)", hint: "this SAE was trained on another model", kind: .configuration)
        }
        if let trainedOn = dictionary.hookName, trainedOn != point.transformerLensName {
            throw InputError(
                "\(folder)/cfg.json: hook_name", expected: "\(point.transformerLensName), as the job's hook says",
                found: trainedOn,
                hint:
                    "change layer and site of the hook, or the SAE; if its name is another word for this place, correct "
                    + "hook_name in cfg.json", kind: .configuration)
        }
    }
}
