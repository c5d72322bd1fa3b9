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
