import Compute
import Foundation
import Inputs
@testable import Latents
import Prompts
import Testing
@testable import Evaluation

/// Dictionaries at all five sites of a layer, in one task and each alone.
@Suite struct SiteTests {
    private static let fixtures = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .deletingLastPathComponent().appendingPathComponent("ProcessTests/Fixtures").path
    private static let layer = 2

    private let work = ShardWork(
        index: 0,
        prompts: (0..<6).map { index in
            let ids = (0..<9 + index * 5).map { UInt32(($0 * 13 + index * 5) % 256) }
            return PromptTokens(index: index, ids: ids, masks: ids.indices.map { $0 == 0 ? 0 : 1 })
        })

    private static func input(_ path: String) -> TaskInput { .init(path: path, digest: Digest(of: path)) }

    /// The fixture's SAE, trained at another place by its own word.
    private static func sae(at hookName: String, in folder: String) throws -> String {
        let copy = "\(folder)/\(hookName)"
        try FileManager.default.copyItem(atPath: "\(fixtures)/sae", toPath: copy)
        let text = try String(contentsOfFile: "\(copy)/cfg.json", encoding: .utf8)
        try #require(text.contains("blocks.2.hook_resid_post"))
        try Data(text.replacing("blocks.2.hook_resid_post", with: hookName).utf8)
            .write(to: URL(fileURLWithPath: "\(copy)/cfg.json"))
        return copy
    }

    /// A task with a hook at each of `sites`, whose SAEs say that they were trained at `named` or right there.
    private static func task(_ sites: [HookPoint.Site], named: String? = nil, in folder: String) throws -> DiffTask {
        DiffTask(
            base: input("\(fixtures)/base"),
            tuned: [
                .init(name: "adapted", form: .adapter, input: input("\(fixtures)/adapter")),
                .init(name: "whole", form: .checkpoint, input: input("\(fixtures)/tuned")),
            ],
            hooks: try sites.map { site in
                let path = try sae(at: named ?? "blocks.\(layer).hook_\(site.rawValue)", in: folder)
                return .init(point: HookPoint(layer: layer, site: site), dictionary: input(path), latents: 64)
            },
            masks: [.all])
    }

    private static func inFolder<R>(_ body: (String) throws -> R) throws -> R {
        let folder = NSTemporaryDirectory() + "sites-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        return try body(folder)
    }

    @Test("a hook's sums do not depend on other hooks, and every site has its own")
    func together() throws {
        let sites = HookPoint.Site.allCases
        let all = try Self.inFolder { folder in
            let task = try Self.task(sites, in: folder)
            let result = try ShardEvaluator(task, threads: Threads(2)).evaluate(work) {}
            return sites.indices.map { hook in
                (0..<3).map { result.tables[task.tableIndex(checkpoint: $0, hook: hook, mask: 0)] }
            }
        }
        for (site, expected) in zip(sites, all) {
            let alone = try Self.inFolder { folder in
                try ShardEvaluator(Self.task([site], in: folder), threads: Threads(1)).evaluate(work) {}.tables
            }
            #expect(alone == expected, "\(site)")
            #expect(Set(expected).count == 3 && expected.allSatisfy { $0.latents.count > 10 }, "\(site)")
        }
        #expect(Set(all).count == sites.count)
    }

    @Test("an SAE of another site is refused", arguments: HookPoint.Site.allCases)
    func otherSite(site: HookPoint.Site) throws {
        for other in HookPoint.Site.allCases where other != site {
            let error = try Self.inFolder { folder in
                let task = try Self.task([site], named: "blocks.\(Self.layer).hook_\(other.rawValue)", in: folder)
                return #expect(throws: InputError.self) { try ShardEvaluator(task, threads: Threads(1)) }
            }
            #expect(error?.place.hasSuffix("/cfg.json: hook_name") == true)
            #expect(error?.expected == "blocks.2.hook_\(site.rawValue), as the job's hook says")
        }
    }
}
