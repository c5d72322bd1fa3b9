import Evaluation
import Foundation
import Inputs
import Work

/// What every shard of an `exemplars` job needs besides its own tokens. A pure function of the job and of its inputs'
/// digests.
struct ExemplarsTask: Sendable, Hashable, Codable {
    /// A hook with the latents that are asked for.
    struct Hook: Sendable, Hashable, Codable {
        var point: HookPoint
        var name: String?
        var dictionary: TaskInput
        /// Latents of the dictionary.
        var latents: Int
        var rule: ActivationRule
        /// Those that are asked for, ascending; at least one.
        var chosen: [Int]

        /// How files and tables name it.
        var label: String { point.label(name) }

        var evaluated: EvaluatedHook {
            EvaluatedHook(point: point, dictionary: dictionary, latents: latents, rule: rule)
        }
    }

    var base: TaskInput
    var tuned: [TunedInput]
    var hooks: [Hook]
    var selection: Selection
    /// Tokens before and after the strongest one that belong to its window.
    var before: Int
    var after: Int
    /// Positions below this are no measure of norms.
    var skipFirst: Int
    /// Tokens whose norm is beyond this multiple of their sequence's median do not count.
    var maxNorm: Double?
    /// Ids that the tokenizer has a token for: pairs of the first and one behind the last.
    var vocabulary: [[Int]]

    /// All that workers open.
    var inputs: TaskInputs { TaskInputs(base: base, tuned: tuned, dictionaries: hooks.map(\.dictionary)) }

    /// Base and tuned checkpoints.
    var modelCount: Int { tuned.count + 1 }
}

/// A task as bytes: JSON with sorted keys.
extension ExemplarsTask {
    /// Version of the layout.
    static let layout: UInt16 = 1
    private static let mostBytes = 1 << 20
    private static let mostVocabulary = 1 << 24

    /// The task in this layout. Throws `InputError` for one beyond the limits.
    func payload() throws -> Payload {
        try check()
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        let bytes = Array(try encoder.encode(self))
        guard bytes.count <= Self.mostBytes else {
            throw InputError(
                "the job's names, paths and latents, all together", expected: "at most \(Self.mostBytes) bytes",
                found: "\(bytes.count)")
        }
        return Payload(kind: ExemplarsKind.name, version: Self.layout, bytes: bytes)
    }

    /// Reads a task. Throws `InputError` for another kind's or layout's, and for one beyond the limits.
    init(_ payload: Payload) throws {
        try payload.require(kind: ExemplarsKind.name, version: Self.layout, what: "the task")
        guard payload.bytes.count <= Self.mostBytes else {
            throw InputError("the task", expected: "at most \(Self.mostBytes) bytes", found: "\(payload.bytes.count)")
        }
        do {
            self = try JSONDecoder().decode(ExemplarsTask.self, from: Data(payload.bytes))
        } catch {
            throw InputError("the task", expected: "the task of an exemplars job", found: "\(error)")
        }
        try check()
    }

    private func check() throws {
        try check(tuned.count, "tuned checkpoints", 0...64)
        try check(hooks.count, "hooks", 1...64)
        for hook in hooks {
            try check(hook.latents, "latents", 1...EvaluatedHook.mostLatents)
            try check(hook.chosen.count, "latents of hook \(hook.label)", 1...ExemplarsSpec.mostLatents)
            let isAscending = zip(hook.chosen, hook.chosen.dropFirst()).allSatisfy { $0 < $1 }
            guard isAscending, hook.chosen[0] >= 0, hook.chosen[hook.chosen.count - 1] < hook.latents else {
                throw InputError("the task: chosen", expected: "ascending latents of the dictionary", found: "others")
            }
            try check(hook.point.layer, "layer", 0...(1 << 16))
        }
        try check(selection.examples, "examples", 1...1000)
        try check(selection.perInterval, "per_interval", 0...1000)
        try check(before, "tokens before", 0...1000)
        try check(after, "tokens after", 0...1000)
        var end = 0
        for range in vocabulary {
            guard range.count == 2, range[0] >= end, range[1] > range[0], range[1] <= Self.mostVocabulary else {
                throw InputError("the task: vocabulary", expected: "ascending ranges of ids", found: "others")
            }
            end = range[1]
        }
    }

    private func check(_ count: Int, _ what: String, _ range: ClosedRange<Int>) throws {
        guard range.contains(count) else {
            throw InputError(
                "the task: \(what)", expected: "\(range.lowerBound) to \(range.upperBound)", found: "\(count)")
        }
    }
}
