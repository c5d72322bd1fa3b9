import Inputs

/// A file or folder that a task computes with, and the digest that was found for it when the job was planned.
public struct TaskInput: Sendable, Hashable, Codable {
    /// Absolute path.
    public var path: String
    public var digest: Digest

    /// Makes an input.
    public init(path: String, digest: Digest) {
        self.path = path
        self.digest = digest
    }
}

/// A checkpoint that a task compares with the base.
public struct TunedInput: Sendable, Hashable, Codable {
    public var name: String
    public var form: CheckpointForm
    public var input: TaskInput

    /// Makes a tuned checkpoint.
    public init(name: String, form: CheckpointForm, input: TaskInput) {
        self.name = name
        self.form = form
        self.input = input
    }
}

/// How a tuned checkpoint is stored; the names are the keys of job files.
public enum CheckpointForm: String, Sendable, Hashable, Codable {
    /// A PEFT adapter on top of the base.
    case adapter
    /// A whole model of its own.
    case checkpoint
}

/// All that a worker opens for a task.
public struct TaskInputs: Sendable, Hashable {
    public var base: TaskInput
    public var tuned: [TunedInput]
    public var dictionaries: [TaskInput]

    /// Takes the inputs of a task.
    public init(base: TaskInput, tuned: [TunedInput], dictionaries: [TaskInput]) {
        self.base = base
        self.tuned = tuned
        self.dictionaries = dictionaries
    }

    /// The same with canonical paths. Throws `InputError` for one that is not below the roots.
    public func localised(_ roots: ModelRoots) throws -> TaskInputs {
        var local = self
        local.base.path = try roots.resolve(base.path)
        for index in tuned.indices { local.tuned[index].input.path = try roots.resolve(tuned[index].input.path) }
        for index in dictionaries.indices {
            local.dictionaries[index].path = try roots.resolve(dictionaries[index].path)
        }
        return local
    }
}
