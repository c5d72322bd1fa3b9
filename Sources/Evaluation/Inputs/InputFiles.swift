import Dictionaries
import Inputs
import Models

/// The files behind a task's inputs: found and digested where a job is planned, checked where it is computed.
public struct InputFiles: Sendable {
    private let digests: DigestCache
    /// What dictionaries are opened with.
    public let formats: DictionaryFormats

    /// Remembers digests in `cache`, and opens dictionaries of `formats`.
    public init(digests cache: DigestCache, formats: DictionaryFormats = .all) {
        (digests, self.formats) = (cache, formats)
    }

    /// An input of a task with the files that it consists of.
    public struct Found: Sendable {
        fileprivate let input: TaskInput
        public let files: [String]
    }

    /// The base checkpoint as an input. While files are read, `step` is called again and again; what it throws ends that.
    public func input(_ base: Checkpoint, step: () throws -> Void) throws -> TaskInput {
        try input(base.files, at: base.path, step: step)
    }

    /// A tuned checkpoint as an input. Throws `InputError` where it does not fit the base.
    public func input(_ tuned: TunedSpec, base: Checkpoint, step: () throws -> Void) throws -> TunedInput {
        let path = tuned.path.resolved
        return TunedInput(
            name: tuned.name, form: tuned.form,
            input: try input(files(tuned.form, path, base: base), at: path, step: step))
    }

    /// A hook's dictionary as an input, and what it is. Throws `InputError` where it does not fit the hook or the base.
    public func hook(
        _ spec: HookSpec, base: Checkpoint, step: () throws -> Void
    ) throws -> (hook: EvaluatedHook, dictionary: LatentDictionary) {
        // First what the model has: a dictionary for a layer that is not there is none to look for.
        try DictionaryFit.checkDepth(spec.point, model: base.architecture)
        let dictionary = try formats.open(spec.dictionary.resolved)
        guard dictionary.latentCount <= EvaluatedHook.mostLatents else {
            throw InputError(
                dictionary.path, expected: "a dictionary with at most \(EvaluatedHook.mostLatents) latents",
                found: "\(dictionary.latentCount)")
        }
        try DictionaryFit.check(dictionary, form: spec.form)
        try DictionaryFit.check(dictionary, point: spec.point, model: base.architecture)
        let hook = EvaluatedHook(
            point: spec.point, dictionary: try input(dictionary.files, at: dictionary.path, step: step),
            latents: dictionary.latentCount, rule: dictionary.activationRule)
        return (hook, dictionary)
    }

    /// Finds the files of inputs on this machine.
    public func find(_ inputs: TaskInputs) throws -> [Found] {
        let base = try Checkpoint(inputs.base.path)
        return try [Found(input: inputs.base, files: base.files)]
            + inputs.tuned.map { Found(input: $0.input, files: try files($0.form, $0.input.path, base: base)) }
            + inputs.dictionaries.map { Found(input: $0, files: try formats.open($0.path).files) }
    }

    /// Checks that inputs are those that their task was planned with. Throws `InputError` of kind `configuration` with both
    /// digests. While files are read, `step` is called again and again; what it throws ends that.
    public func check(_ inputs: [Found], step: () throws -> Void = {}) throws {
        for found in inputs {
            let digest = try digest(of: found.files, at: found.input.path, step: step)
            guard digest == found.input.digest else {
                throw InputError(
                    found.input.path,
                    expected: "the files the job was planned with, SHA-256 \(found.input.digest)",
                    found: "SHA-256 \(digest)", hint: "copy the same files to every machine, or submit the job again",
                    kind: .configuration)
            }
        }
    }

    /// Throws `InputError` where one of these files was changed after `moment`: what was read of it may not be what its
    /// digest is of.
    public func refuseChanges(
        of files: [String], since moment: DigestCache.Moment, step: () throws -> Void
    ) throws {
        for file in files where try !digests.rest(of: [file], step: step).isOlder(than: moment) {
            throw InputError(
                file, expected: "a file that nobody touches while the job is planned", found: "a change",
                hint:
                    "submit the job again once its files are written, and where a file server's clock is ahead, once this one is "
                    + "past their times", kind: .temporary)
        }
    }

    /// How the files of inputs stand: see `DigestCache.Rest`.
    func rest(of inputs: [Found], step: () throws -> Void) throws -> DigestCache.Rest {
        try digests.rest(of: inputs.flatMap(\.files), step: step)
    }

    /// The digest of the files that decide something at `path`: of the file itself, or of a folder's files together.
    public func digest(of files: [String], at path: String, step: () throws -> Void = {}) throws -> Digest {
        files == [path]
            ? try digests.digest(of: path, step: step) : try digests.digest(of: files, relativeTo: path, step: step)
    }

    private func input(_ files: [String], at path: String, step: () throws -> Void) throws -> TaskInput {
        TaskInput(path: path, digest: try digest(of: files, at: path, step: step))
    }

    private func files(_ form: CheckpointForm, _ path: String, base: Checkpoint) throws -> [String] {
        switch form {
        case .adapter: return try LoRAAdapter(path, for: base.architecture).files
        case .checkpoint:
            let checkpoint = try Checkpoint(path)
            try CheckpointFit.check(checkpoint, base: base)
            return checkpoint.files
        }
    }
}
