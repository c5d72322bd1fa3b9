import Inputs

/// What the job file alone tells, before anything that it names is opened.
public struct JobOutline: Sendable, Hashable {
    /// A file or folder that the job names.
    public struct Input: Sendable, Hashable {
        /// What the job file calls it, for errors.
        public var key: String
        /// Absolute.
        public var path: String
        /// Whether workers open it, too.
        public var isForWorkers: Bool

        /// Makes an input.
        public init(key: String, path: String, isForWorkers: Bool) {
            self.key = key
            self.path = path
            self.isForWorkers = isForWorkers
        }
    }

    /// The job's name.
    public var name: String
    public var inputs: [Input]

    /// Makes an outline.
    public init(name: String, inputs: [Input]) {
        self.name = name
        self.inputs = inputs
    }
}

extension JobOutline {
    /// Looks whether everything that the job names is there. Throws `InputError` with the job file and the key.
    public func refuseMissingInputs(jobFile: String) throws {
        for input in inputs where try !Presence.isThere(input.path) {
            throw InputError(
                "\(jobFile): \(input.key)", expected: "a file or folder at \(input.path)", found: "nothing",
                hint: "paths in a job file are relative to the folder of the file")
        }
    }
}
