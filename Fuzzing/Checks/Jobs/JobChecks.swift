import Inputs
import Prompts

@testable import Latents
@testable import Work

/// Job files.
struct JobChecks: Checks {
    private let file: MemoryFile
    private let kinds: WorkKinds

    init() throws {
        file = try MemoryFile()
        kinds = WorkKinds([LatentsKind(digests: DigestCache(at: "/nowhere"), version: "0")])
    }

    func check(_ input: [UInt8]) throws {
        try checkOutline(
            JobSource(specText: String(decoding: input, as: UTF8.self), specFile: "job.yaml", folder: "/jobs"))
        let path = try file.holding(input)
        guard let spec = try accepted({ try JobSpec(yamlFile: path) }) else { return }
        try demand(SafeName.isSafe(spec.name), "a name that is not safe: \(spec.name)")
        try demand(spec.tuned.allSatisfy { SafeName.isSafe($0.name) }, "a tuned name that is not safe")
        try demand(!spec.tuned.isEmpty && !spec.hooks.isEmpty, "nothing to compare")
        try demand(Set(spec.tuned.map(\.name)).count == spec.tuned.count, "two tuned of one name")
        try demand(Set(spec.hooks.map(\.label)).count == spec.hooks.count, "two hooks of one label")
        try demand(1...8 ~= spec.masks.count && Set(spec.masks).count == spec.masks.count, "masks \(spec.masks)")
        try demand(1...ShardPlan.mostShardTokens ~= spec.shardTokens, "shards of \(spec.shardTokens) tokens")
        try demand((0...1).contains(spec.verify) && spec.rank.top > 0, "a number out of its range")
        let paths = [spec.base] + spec.prompts.files.map(\.path) + spec.tuned.map(\.path) + spec.hooks.map(\.dictionary)
        try demand(paths.allSatisfy { $0.resolved.hasPrefix("/") }, "a path that is not absolute")
    }

    /// What is told before anything that the job names is opened.
    private func checkOutline(_ source: JobSource) throws {
        guard let kind = try accepted({ try kinds.kind(of: source) }),
            let outline = try accepted({ try kind.outline(of: source) })
        else { return }
        try demand(SafeName.isSafe(outline.name), "a name that is not safe: \(outline.name)")
        try demand(outline.inputs.allSatisfy { $0.path.hasPrefix("/") }, "a path that is not absolute")
    }

    static func seeds() throws -> [[UInt8]] {
        let anchors = "masks: &m [all]\nseed: 0x1f\nname: |-\n  a\n  b\nbase: *m\n<<: {x: !!int '3', y: ~}\n"
        let aliases = "a: &a [x, x, x]\nb: &b [*a, *a, *a]\nc: {? *b : [*b, *b], ? {d: *a}\n: &a y}\n"
        let example = try Repository.bytes("configs/job.yaml")
        return [SmallFold.spec, anchors, aliases].map { Array($0.utf8) } + [example]
    }
}
