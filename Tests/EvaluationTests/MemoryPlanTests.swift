import Foundation
import Inputs
import TestSupport
import Testing
@testable import Evaluation

@Suite struct MemoryPlanTests {
    /// What a task of some size takes.
    private func needs(_ random: inout some RandomNumberGenerator) -> MemoryPlan.Needs {
        var needs = MemoryPlan.Needs()
        needs.program = .random(in: 0...100, using: &random)
        needs.results = .random(in: 0...50, using: &random)
        needs.dictionaries = .random(in: 0...1000, using: &random)
        needs.encoding = .random(in: 0...50, using: &random)
        needs.encodingPerToken = .random(in: 0...5, using: &random)
        needs.forward.scratch = .random(in: 0...50, using: &random)
        needs.forward.adapters = .random(in: 0...50, using: &random)
        needs.forward.perToken = .random(in: 1...5, using: &random)
        needs.forward.perTokenOfLongest = .random(in: 0...3, using: &random)
        needs.forward.weights = .random(in: 0...700, using: &random)
        return needs
    }

    @Test("a plan stays within its limit, and its batches are as large as they can be")
    func properties() throws {
        var random = SeededGenerator(seed: 1)
        var (made, refused) = (0, 0)
        for _ in 0..<4000 {
            let needs = needs(&random)
            let limit = Int.random(in: 1...6000, using: &random)
            let longest = Int.random(in: 2...100, using: &random)
            let tokens = longest + Int.random(in: 0...400, using: &random)
            let forward = needs.forward
            let perToken = forward.perToken + needs.encodingPerToken
            let fixed =
                needs.program + needs.results + needs.dictionaries + needs.encoding + forward.scratch + forward.adapters
                + forward.weights
            let least = fixed + longest * (perToken + forward.perTokenOfLongest)
            do {
                let plan = try MemoryPlan(needs, limit: limit, tokens: tokens, longest: longest)
                made += 1
                #expect(plan.bytes <= limit, "\(plan)")
                #expect(least <= limit)
                #expect((longest...tokens).contains(plan.batchTokens), "every prompt fits into a batch")
                #expect(plan.batchTokens == tokens || plan.bytes + perToken > limit)
                #expect(plan.bytes == least + (plan.batchTokens - longest) * perToken)
            } catch let error as InputError {
                refused += 1
                #expect(least > limit, "\(error)")
                #expect(error.place == "--memory")
                #expect(error.kind == (fixed > limit ? .configuration : .temporary))
            }
        }
        #expect(made > 1000 && refused > 200)
    }

    private var example: MemoryPlan.Needs {
        var needs = MemoryPlan.Needs()
        needs.program = 48 << 20
        needs.results = 16 << 20
        needs.dictionaries = 300 << 20
        needs.encoding = 40 << 20
        needs.encodingPerToken = 20 << 10
        needs.forward.scratch = 60 << 20
        needs.forward.perToken = 80 << 10
        needs.forward.weights = 300 << 20
        needs.forward.layerCount = 28
        return needs
    }

    @Test("with enough memory a shard is one batch")
    func enough() throws {
        let plan = try MemoryPlan(example, limit: 8 << 30, tokens: 4096, longest: 300)
        #expect(plan.batchTokens == 4096)
        #expect(
            plan.description == """
                memory plan: 1.1 GiB of 8.0 GiB = program 64.0 MiB + dictionaries 300.0 MiB + weights 300.0 MiB \
                (one of 28 layers at a time) + scratch 100.0 MiB + activations 400.0 MiB (4096 tokens at a time)
                """)
    }

    @Test("with less it is cut")
    func less() throws {
        let plan = try MemoryPlan(example, limit: 900 << 20, tokens: 4096, longest: 300)
        #expect(plan.batchTokens == 1392)
        #expect(plan.description.contains("of 900.0 MiB"))
        #expect(plan.description.contains("(1392 tokens at a time)"))
    }

    @Test("where only the longest prompt fits at a time, a long shard is still computed")
    func manyBatches() throws {
        var needs = example
        needs.forward.perToken = 1 << 20
        needs.encodingPerToken = 0
        let plan = try MemoryPlan(needs, limit: 768 << 20, tokens: 1 << 18, longest: 3)
        #expect(plan.batchTokens == 4)
    }

    @Test("what results take beyond what is kept free for them, batches do without")
    func results() throws {
        let plan = try MemoryPlan(example, limit: 900 << 20, tokens: 4096, longest: 300)
        #expect(try plan.batchTokens(beside: 16 << 20, longest: 300) == plan.batchTokens)
        // 100 KiB for each token.
        #expect(try plan.batchTokens(beside: 26 << 20, longest: 300) == plan.batchTokens - 102)
        var seen: Set<Int> = []
        for results in stride(from: 0, through: 200 << 20, by: 1 << 20) {
            guard let tokens = try? plan.batchTokens(beside: results, longest: 300) else { continue }
            seen.insert(tokens)
            #expect(tokens >= 300)
            #expect(example.fixed + max(0, results - example.results) + tokens * example.perToken <= 900 << 20)
        }
        #expect(seen.count > 50)
        let error = #expect(throws: InputError.self) { try plan.batchTokens(beside: 200 << 20, longest: 300) }
        #expect(error?.kind == .temporary && error?.hint.contains("shard_tokens") == true)
        #expect(error?.expected == "at least 978MiB for a worker, for a prompt of 300 tokens beside results of 200MiB")
    }

    @Test("sizes beyond all memory are refused, not added up")
    func overflow() {
        var needs = example
        needs.forward.perToken = 1 << 50
        let perToken = #expect(throws: InputError.self) {
            try MemoryPlan(needs, limit: 1 << 40, tokens: 1 << 20, longest: 1 << 20)
        }
        #expect(perToken?.kind == .temporary)
        needs.forward.scratch = Int.max - 5
        let scratch = #expect(throws: InputError.self) { try MemoryPlan(needs, limit: 1 << 40, tokens: 0, longest: 0) }
        #expect(scratch?.kind == .configuration)
    }

    @Test("a limit that is too small says how much would do")
    func tooSmall() throws {
        let error = #expect(throws: InputError.self) {
            try MemoryPlan(example, limit: 700 << 20, tokens: 4096, longest: 300)
        }
        #expect(error?.kind == .configuration && error?.found == "700MiB")
        #expect(error?.expected.hasPrefix("at least 764MiB for a worker") == true)
        #expect(throws: Never.self) { try MemoryPlan(example, limit: 764 << 20, tokens: 0, longest: 0) }
        let long = #expect(throws: InputError.self) {
            try MemoryPlan(example, limit: 764 << 20, tokens: 4096, longest: 1000)
        }
        #expect(long?.kind == .temporary)
        #expect(long?.expected == "at least 862MiB for a worker, for a prompt of 1000 tokens")
        #expect(throws: Never.self) { try MemoryPlan(example, limit: 862 << 20, tokens: 4096, longest: 1000) }
    }
}

/// What a machine allows, from files as Linux has them.
@Suite struct MachineMemoryTests {
    private func memory(_ files: [String: String]) throws -> Int {
        let folder = try TemporaryFolder()
        let root = folder.path
        for (path, text) in files {
            let url = URL(fileURLWithPath: root + path)
            try FileManager.default.createDirectory(
                at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
            try Data(text.utf8).write(to: url)
        }
        return MachineMemory(root: root).bytes
    }

    private let meminfo = ["/proc/meminfo": "MemTotal:       32000 kB\nMemFree:  10 kB\nMemAvailable:   20000 kB\n"]

    @Test("the smallest of what is available and of the limits of all groups above")
    func limits() throws {
        #expect(try memory(meminfo) == 20_000 << 10)
        let v2 = meminfo.merging(["/proc/self/cgroup": "0::/a.slice/b.service\n"]) { $1 }
        #expect(try memory(v2) == 20_000 << 10)
        let own = ["/sys/fs/cgroup/a.slice/b.service/memory.max": "max\n"]
        #expect(try memory(v2.merging(own) { $1 }) == 20_000 << 10)
        let above = own.merging(["/sys/fs/cgroup/a.slice/memory.max": "5000000\n"]) { $1 }
        #expect(try memory(v2.merging(above) { $1 }) == 5_000_000)
        // A container sees its own group as the root.
        #expect(try memory(v2.merging(["/sys/fs/cgroup/memory.max": "4000000\n"]) { $1 }) == 4_000_000)
        let v1 = meminfo.merging(["/proc/self/cgroup": "4:cpu,memory:/job/step\n3:cpuset:/\n0::/\n"]) { $1 }
        let limits = [
            "/sys/fs/cgroup/memory/memory.limit_in_bytes": "9223372036854771712\n",
            "/sys/fs/cgroup/memory/job/step/memory.limit_in_bytes": "3000000\n",
        ]
        #expect(try memory(v1.merging(limits) { $1 }) == 3_000_000)
        let outside = meminfo.merging(["/proc/self/cgroup": "0::/../../x\n"]) { $1 }
        #expect(try memory(outside.merging(["/sys/fs/cgroup/x/memory.max": "7\n"]) { $1 }) == 20_000 << 10)
    }

    @Test("this machine has some, and workers share it")
    func here() {
        let memory = MachineMemory()
        #expect(memory.bytes > 1 << 28)
        #expect(memory.share(among: 3) <= memory.share() / 3)
        #expect(memory.share() < memory.bytes)
    }
}
