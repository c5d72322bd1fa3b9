import Inputs

/// A task's inputs on a worker, which must stand still while shards are computed from them.
public struct HeldInputs: Sendable {
    private let files: InputFiles
    /// With canonical paths, all below the roots.
    public let local: TaskInputs
    private let found: [InputFiles.Found]
    /// How the files stood before their digests were taken.
    private let rest: DigestCache.Rest

    /// Finds the inputs below the roots, and compares their digests with the task's. Throws `InputError`.
    public init(
        _ inputs: TaskInputs, roots: ModelRoots, digests: DigestCache, step: () throws -> Void
    ) throws {
        files = InputFiles(digests: digests)
        local = try inputs.localised(roots)
        found = try files.find(local)
        rest = try files.rest(of: found, step: step)
        try files.check(found, step: step)
    }

    /// To be called once everything is open: files may have appeared meanwhile. Throws as `refuseChanges` does.
    public func refuseChangesSinceOpening(step: () throws -> Void) throws {
        try refuseChanges(of: files.find(local), step: step)
    }

    /// Runs `body`, which computes a shard from the files. Throws what it throws, unless files were touched meanwhile.
    public func computing<Value>(step: () throws -> Void, _ body: () throws -> Value) throws -> Value {
        let value: Value
        do {
            value = try body()
        } catch let error as InputError where error.kind == .badData {
            // Files that were touched are the better reason, and no fault of the shard.
            try refuseChanges(of: found, step: step)
            throw error
        }
        // Weights are read from their files shard by shard.
        try refuseChanges(of: found, step: step)
        return value
    }

    /// Throws unless the files stood still since their digests were taken. Equal digests afterwards would prove nothing: a file
    /// can be changed and changed back while it is read.
    private func refuseChanges(of found: [InputFiles.Found], step: () throws -> Void) throws {
        do {
            guard try files.rest(of: found, step: step) != rest else { return }
            // What is wrong now is the better error.
            try files.check(found, step: step)
        } catch var error as InputError where error.kind == .badData {
            // They were there when the task was opened: other workers may have them still.
            (error.kind, error.hint) = (.temporary, Self.hint)
            throw error
        }
        throw InputError(
            "the job's inputs", expected: "files that nobody touches while they are computed from",
            found: "a change of one, or of its times", hint: Self.hint, kind: .temporary)
    }

    private static let hint = "the shard is computed again"
}
