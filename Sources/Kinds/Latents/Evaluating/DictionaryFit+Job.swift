import Dictionaries
import Evaluation
import Inputs

extension DictionaryFit {
    /// Throws if the dictionary is not of the kind that the job file names it as.
    static func check(_ dictionary: LatentDictionary, form: JobSpec.Hook.Form) throws {
        guard dictionary.activationRule != form.rule else { return }
        let other: JobSpec.Hook.Form = form == .sae ? .directions : .sae
        throw InputError(
            dictionary.path, expected: form == .sae ? "an SAE" : "a file of named vectors",
            found: "one of the format \(dictionary.format)",
            hint: "name it under the key '\(other.rawValue)' of the hook", kind: .configuration)
    }

    /// Throws if the dictionary is not what the task was planned with.
    static func check(_ dictionary: LatentDictionary, is hook: DiffTask.Hook) throws {
        guard dictionary.latentCount == hook.latents, dictionary.activationRule == hook.rule else {
            throw InputError(
                dictionary.path, expected: "\(hook.latents) latents with the rule \(hook.rule.rawValue)",
                found: "\(dictionary.latentCount) with \(dictionary.activationRule.rawValue)",
                hint: "the dictionary was replaced after the job was planned", kind: .configuration)
        }
    }
}
