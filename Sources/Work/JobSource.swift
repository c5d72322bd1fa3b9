/// A job as it was submitted.
public struct JobSource: Sendable, Hashable {
    /// The job file's text, YAML.
    public var specText: String
    /// What the job file is called in errors.
    public var specFile: String
    /// What the job file's relative paths are relative to; absolute.
    public var folder: String

    /// Makes a source.
    public init(specText: String, specFile: String, folder: String) {
        self.specText = specText
        self.specFile = specFile
        self.folder = folder
    }
}
