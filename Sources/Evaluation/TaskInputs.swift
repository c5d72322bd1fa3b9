import Dictionaries
import Diffing
import Inputs
import Models

/// The files behind a task: found and fingerprinted where a job is planned, checked where it is computed.
public struct TaskInputs: Sendable {
    private let digests: DigestCache

    /// Remembers digests in `cache`.
    public init(digests cache: DigestCache) {
        digests = cache
    }

    /// Opens every input of a job, checks that they fit together, and takes their digests.
    public func task(for spec: JobSpec, base: Checkpoint) throws -> DiffTask {
        DiffTask(
            base: try input(base.files, at: base.path),
            tuned: try spec.tuned.map { tuned in
                let path = tuned.path.resolved
                return .init(
                    name: tuned.name, form: tuned.form,
                    input: try input(files(tuned.form, path, base: base), at: path))
            },
            hooks: try spec.hooks.map { hook in
                let path = hook.sae.resolved
                let dictionary = try SAELensFolder.describe(path)
                try DictionaryFit.check(dictionary, folder: path, point: hook.point, model: base.config)
                try checkDepth(hook.point, base)
                return .init(
                    point: hook.point, dictionary: try input(dictionary.files, at: path),
                    latents: dictionary.latentCount)
            },
            masks: spec.masks)
    }

    /// An input of a task with the files that it consists of.
    public struct Found: Sendable {
        fileprivate let input: DiffTask.Input
        fileprivate let files: [String]
    }

    /// Finds the files of a task's inputs on this machine.
    public func find(_ task: DiffTask) throws -> [Found] {
        let base = try Checkpoint(task.base.path)
        return try [Found(input: task.base, files: base.files)]
            + task.tuned.map { Found(input: $0.input, files: try files($0.form, $0.input.path, base: base)) }
            + task.hooks.map {
                Found(input: $0.dictionary, files: try SAELensFolder.describe($0.dictionary.path).files)
            }
    }

    /// Checks that inputs are those that their task was planned with. Throws `InputError` of kind `configuration` with both
    /// digests.
    public func verify(_ inputs: [Found]) throws {
        for found in inputs {
            let digest = try digest(of: found.files, at: found.input.path)
            guard digest == found.input.digest else {
                throw InputError(
                    found.input.path,
                    expected: "the files the job was planned with, SHA-256 \(found.input.digest)",
                    found: "SHA-256 \(digest)", hint: "copy the same files to every machine, or submit the job again",
                    kind: .configuration)
            }
        }
    }

    private func input(_ files: [String], at path: String) throws -> DiffTask.Input {
        .init(path: path, digest: try digest(of: files, at: path))
    }

    /// The digest of the files that decide something at `path`: of the file itself, or of a folder's files together.
    public func digest(of files: [String], at path: String) throws -> Digest {
        files == [path] ? try digests.digest(of: path) : try digests.digest(of: files, relativeTo: path)
    }

    private func files(_ form: DiffTask.Tuned.Form, _ path: String, base: Checkpoint) throws -> [String] {
        switch form {
        case .adapter: return try LoRAAdapter(path, for: base.config).files
        case .checkpoint:
            let checkpoint = try Checkpoint(path)
            try CheckpointFit.check(checkpoint, base: base)
            return checkpoint.files
        }
    }

    private func checkDepth(_ point: HookPoint, _ base: Checkpoint) throws {
        guard point.blocksBelow <= base.config.layerCount, point.layer < base.config.layerCount else {
            throw InputError(
                "hook \(point)", expected: "a layer below \(base.config.layerCount), the model's number of blocks",
                found: "\(point.layer)", hint: "layers count from 0")
        }
    }
}
