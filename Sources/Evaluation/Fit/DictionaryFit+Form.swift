import Dictionaries
import Inputs

extension DictionaryFit {
    /// Throws if the dictionary is not of the kind that the job file names it as.
    static func check(_ dictionary: LatentDictionary, form: HookSpec.Form) throws {
        guard dictionary.activationRule != form.rule else { return }
        let other: HookSpec.Form = form == .sae ? .directions : .sae
        throw InputError(
            dictionary.path, expected: form == .sae ? "an SAE" : "a file of named vectors",
            found: "one of the format \(dictionary.format)",
            hint: "name it under the key '\(other.rawValue)' of the hook", kind: .configuration)
    }
}
