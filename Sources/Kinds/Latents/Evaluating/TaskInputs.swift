import Dictionaries
import Evaluation
import Inputs
import Models

/// The files behind a task: found and digested where a job is planned, checked where it is computed.
public struct TaskInputs: Sendable {
    private let digests: DigestCache
    private let formats: DictionaryFormats

    /// Remembers digests in `cache`, and opens dictionaries of `formats`.
    public init(digests cache: DigestCache, formats: DictionaryFormats = .all) {
        (digests, self.formats) = (cache, formats)
    }

    /// Opens every input of a job, checks that they fit together, and takes their digests. While files are read, `step` is
    /// called again and again; what it throws ends that.
    public func task(for spec: JobSpec, base: Checkpoint, step: () throws -> Void = {}) throws -> DiffTask {
        DiffTask(
            base: try input(base.files, at: base.path, step: step),
            tuned: try spec.tuned.map { tuned in
                let path = tuned.path.resolved
                return .init(
                    name: tuned.name, form: tuned.form,
                    input: try input(files(tuned.form, path, base: base), at: path, step: step))
            },
            hooks: try spec.hooks.map { hook in
                // First what the model has: a dictionary for a layer that is not there is none to look for.
                try checkDepth(hook.point, base)
                let path = hook.dictionary.resolved
                let dictionary = try formats.open(path)
                guard dictionary.latentCount <= DiffTask.Limits.latents else {
                    throw InputError(
                        path, expected: "a dictionary with at most \(DiffTask.Limits.latents) latents",
                        found: "\(dictionary.latentCount)")
                }
                try DictionaryFit.check(dictionary, form: hook.form)
                try DictionaryFit.check(dictionary, point: hook.point, model: base.architecture)
                return .init(
                    point: hook.point, name: hook.name, dictionary: try input(dictionary.files, at: path, step: step),
                    latents: dictionary.latentCount, rule: dictionary.activationRule)
            },
            masks: spec.masks)
    }

    /// By hook label the names of a task's latents, for dictionaries whose latents have names.
    public func latentNames(of task: DiffTask) throws -> [String: [String]] {
        let names = try task.hooks.compactMap { hook in
            try formats.open(hook.dictionary.path).latentNames.map { (hook.label, $0) }
        }
        return Dictionary(names) { first, _ in first }
    }

    /// An input of a task with the files that it consists of.
    public struct Found: Sendable {
        fileprivate let input: DiffTask.Input
        let files: [String]
    }

    /// Finds the files of a task's inputs on this machine.
    public func find(_ task: DiffTask) throws -> [Found] {
        let base = try Checkpoint(task.base.path)
        return try [Found(input: task.base, files: base.files)]
            + task.tuned.map { Found(input: $0.input, files: try files($0.form, $0.input.path, base: base)) }
            + task.hooks.map {
                Found(input: $0.dictionary, files: try formats.open($0.dictionary.path).files)
            }
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
    func refuseChanges(of files: [String], since moment: DigestCache.Moment, step: () throws -> Void) throws {
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

    private func input(_ files: [String], at path: String, step: () throws -> Void) throws -> DiffTask.Input {
        .init(path: path, digest: try digest(of: files, at: path, step: step))
    }

    /// The digest of the files that decide something at `path`: of the file itself, or of a folder's files together.
    public func digest(of files: [String], at path: String, step: () throws -> Void = {}) throws -> Digest {
        files == [path]
            ? try digests.digest(of: path, step: step) : try digests.digest(of: files, relativeTo: path, step: step)
    }

    private func files(_ form: DiffTask.Tuned.Form, _ path: String, base: Checkpoint) throws -> [String] {
        switch form {
        case .adapter: return try LoRAAdapter(path, for: base.architecture).files
        case .checkpoint:
            let checkpoint = try Checkpoint(path)
            try CheckpointFit.check(checkpoint, base: base)
            return checkpoint.files
        }
    }

    private func checkDepth(_ point: HookPoint, _ base: Checkpoint) throws {
        guard point.layer < base.architecture.layerCount else {
            throw InputError(
                "hook \(point)",
                expected: "a layer below \(base.architecture.layerCount), the model's number of layers",
                found: "\(point.layer)", hint: "layers count from 0")
        }
    }
}
