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
    /// The longest name that leaves room for the rest of a result's file names.
    private static let longestName = 100

    /// What names must be.
    static let safeName = "1 to \(longestName) of the characters A-Z a-z 0-9 . _ - and no dot in front"

    /// Whether a name is safe as part of a file name.
    static func isSafe(name: String) -> Bool {
        let areSafe = name.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "-"):
                true
            default: false
            }
        }
        return areSafe && !name.isEmpty && name.utf8.count <= longestName && !name.hasPrefix(".")
    }

    /// Throws `InputError` for a name that no job file can have.
    public func check() throws {
        guard Self.isSafe(name: name) else {
            throw InputError("the job's name", expected: Self.safeName, found: "another one", kind: .usage)
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
