import Inputs
import Work

/// A fine-tuned checkpoint that a job file compares with the base.
public struct TunedSpec: Sendable, Hashable, Codable {
    /// Unique within the job, and safe as part of a file name.
    public var name: String
    public var form: CheckpointForm
    public var path: JobPath
    /// A checkpoint whose differences the others must exceed: each other result gets a column for it.
    public var control: Bool

    /// Makes one.
    public init(name: String, form: CheckpointForm, path: JobPath, control: Bool) {
        (self.name, self.form, self.path, self.control) = (name, form, path, control)
    }

    /// Reads an entry of `tuned`; relative paths start at `folder`. Throws `InputError`.
    public init(_ entry: Document, from folder: String) throws {
        try entry.refuseKeys(outside: ["name", "adapter", "checkpoint", "control"])
        let place: Document
        switch (try entry.optional("adapter"), try entry.optional("checkpoint")) {
        case (let adapter?, nil): (form, place) = (.adapter, adapter)
        case (nil, let checkpoint?): (form, place) = (.checkpoint, checkpoint)
        case (nil, nil):
            throw InputError(entry.place, expected: "one of the keys adapter and checkpoint", found: "neither")
        default:
            throw InputError(entry.place, expected: "one of the keys adapter and checkpoint", found: "both")
        }
        name = try entry.required("name").jobName()
        path = try place.path(from: folder)
        control = try entry.optional("control")?.bool() ?? false
    }
}
