import Dictionaries
import Evaluation
import Inputs
import Models

extension DiffTask {
    /// Opens every input of a job, checks that they fit together, and takes their digests. While files are read, `step` is
    /// called again and again; what it throws ends that.
    public init(_ spec: JobSpec, base: Checkpoint, files: InputFiles, step: () throws -> Void = {}) throws {
        self.init(
            base: try files.input(base, step: step),
            tuned: try spec.tuned.map { try files.input($0, base: base, step: step) },
            hooks: try spec.hooks.map { spec in
                let hook = try files.hook(spec, base: base, step: step).hook
                return .init(
                    point: hook.point, name: spec.name, dictionary: hook.dictionary, latents: hook.latents,
                    rule: hook.rule)
            },
            masks: spec.masks)
    }

    /// By hook label the names of its latents, for dictionaries whose latents have names.
    func latentNames(_ formats: DictionaryFormats) throws -> [String: [String]] {
        let names = try hooks.compactMap { hook in
            try formats.open(hook.dictionary.path).latentNames.map { (hook.label, $0) }
        }
        return Dictionary(names) { first, _ in first }
    }
}
