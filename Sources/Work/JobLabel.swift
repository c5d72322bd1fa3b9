import Inputs

/// What the coordinator must know of a job file without reading it: its kind of work and its name, as whoever submits it
/// has read them.
public struct JobLabel: Sendable, Hashable {
    /// As `WorkKind.name`.
    public var kind: String
    /// As `JobOutline.name`.
    public var name: String

    /// Makes a label.
    public init(kind: String, name: String) {
        self.kind = kind
        self.name = name
    }
}

extension JobLabel {
    /// Throws `InputError` for a name that no job file can have.
    public func check() throws {
        guard SafeName.isSafe(name) else {
            throw InputError("the job's name", expected: SafeName.words, found: "another one", kind: .usage)
        }
    }
}

extension WorkKinds {
    /// Reads a job file's label. Throws `InputError` for a file that cannot be right.
    public func label(of source: JobSource) throws -> JobLabel {
        let kind = try kind(of: source)
        return JobLabel(kind: kind.name, name: try kind.outline(of: source).name)
    }

    /// Plans a job that was submitted under a label. Throws `InputError`, and `CancellationError` soon after `progress` was
    /// cancelled.
    public func plan(_ source: JobSource, as label: JobLabel, progress: ComputeProgress) throws -> WorkPlan {
        let found = try self.label(of: source)
        guard found == label else {
            throw InputError(
                source.specFile, expected: "the job '\(label.name)' of kind \(label.kind), as it was submitted",
                found: "'\(found.name)' of kind \(found.kind)", kind: .usage)
        }
        return try kind(label.kind, place: source.specFile).plan(source, progress: progress)
    }
}
