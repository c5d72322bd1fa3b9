import Evaluation
import Foundation
import Inputs
import Prompts
import Work

/// A task as bytes, in the store and on the wire: JSON with sorted keys.
extension DiffTask {
    /// Version of the layout.
    static let layout: UInt16 = 1
    /// The largest of everything in a task that comes from outside. What a job file can be blamed for is checked when that is
    /// read, too, for an error that says where.
    enum Limits {
        static let bytes = 1 << 20
        static let tuned = 256
        static let hooks = 256
        /// A token's masks are the bits of one byte.
        static let masks = 8
        static let layers = 1 << 16
        static let name = 256
    }

    /// The task in this layout. Throws `InputError` for one beyond the limits.
    public func payload() throws -> Payload {
        try check()
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        let bytes = Array(try encoder.encode(self))
        guard bytes.count <= Limits.bytes else {
            throw InputError(
                "the job's names and paths, all together", expected: "at most \(Limits.bytes) bytes",
                found: "\(bytes.count)")
        }
        return Payload(kind: LatentsKind.name, version: Self.layout, bytes: bytes)
    }

    /// Reads a task. Throws `InputError` for another kind's or layout's, and for one beyond the limits.
    public init(_ payload: Payload) throws {
        try payload.require(kind: LatentsKind.name, version: Self.layout, what: "the task")
        guard payload.bytes.count <= Limits.bytes else {
            throw InputError("the task", expected: "at most \(Limits.bytes) bytes", found: "\(payload.bytes.count)")
        }
        do {
            self = try JSONDecoder().decode(DiffTask.self, from: Data(payload.bytes))
        } catch {
            throw InputError("the task", expected: "the task of a latents job", found: "\(error)")
        }
        try check()
    }

    /// The shard with its tokens. Throws `InputError` for bytes that are none, or have masks that the task has not.
    func work(_ shard: WorkShard) throws -> ShardWork {
        try shard.payload.require(kind: LatentsKind.name, version: ShardWork.layout, what: "shard \(shard.index)")
        return try ShardWork(index: shard.index, bytes: shard.payload.bytes, maskCount: masks.count)
    }

    private func check() throws {
        try check(tuned.count, "tuned checkpoints", limit: Limits.tuned)
        try check(hooks.count, "hooks", limit: Limits.hooks)
        try check(masks.count, "masks", limit: Limits.masks)
        for hook in hooks {
            try check(hook.latents, "latents", limit: EvaluatedHook.mostLatents)
            try check(hook.point.layer, "layer", limit: Limits.layers)
        }
        for input in [base] + tuned.map(\.input) + hooks.map(\.dictionary) {
            try check(input.path.utf8.count, "bytes of a path", limit: JobPath.longest)
        }
        for hook in hooks { try check(hook.name?.utf8.count ?? 0, "bytes of a hook's name", limit: Limits.name) }
        for entry in tuned { try check(entry.name.utf8.count, "bytes of a name", limit: Limits.name) }
    }

    private func check(_ count: Int, _ what: String, limit: Int) throws {
        guard (0...limit).contains(count) else {
            throw InputError("the task: \(what)", expected: "0 to \(limit)", found: "\(count)")
        }
    }
}
