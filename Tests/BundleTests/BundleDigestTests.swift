import Compute
import Foundation
import Testing

/// Bundles keep their bytes: every file of a few jobs has the committed digest.
@Suite(.timeLimit(.minutes(10))) struct BundleDigestTests {
    /// Sets whose digests nobody could make so far, for want of such a processor.
    private static let unknown: Set = ["avx512"]

    @Test("every file of every bundle has its committed digest, with the kernels that run here")
    func digests() throws {
        #expect(ProcessorKernels.areAsRequested)
        let kernels = ProcessorKernels.instructionSet
        let found = try run()
        guard ProcessInfo.processInfo.environment[BundleDigests.variable] == nil else {
            try BundleDigests(jobs: found).write(for: kernels)
            Issue.record("\(BundleDigests.file(kernels)) was written: nothing was compared")
            return
        }
        guard let committed = try BundleDigests(for: kernels) else {
            let text = """
                NO BUNDLE WAS COMPARED: there are no digests for the kernels \(kernels); make them with the code as it \
                was before it was changed, with \(BundleDigests.variable)=1
                """
            print(text)
            guard Self.unknown.contains(kernels) else {
                Issue.record("\(text)")
                return
            }
            return withKnownIssue { Issue.record("\(text)") }
        }
        compare(found, with: committed.jobs, kernels)
    }

    private func run() throws -> [String: [String: String]] {
        let models = try TinyModels()
        var found: [String: [String: String]] = [:]
        for job in BundleJob.all {
            let run = try BundleRun(job.yaml, models: models.path, failing: job.failing)
            try #require(run.end.state == (job.failing.isEmpty ? .done : .partial), "\(job.name): \(run.end)")
            #expect(run.end.quarantined == job.failing.count, "\(job.name)")
            found[job.name] = try run.digests()
        }
        return found
    }

    private func compare(
        _ found: [String: [String: String]], with committed: [String: [String: String]], _ kernels: String
    ) {
        #expect(found.keys.sorted() == committed.keys.sorted())
        var compared = 0
        for (job, files) in committed.sorted(by: { $0.key < $1.key }) {
            let others = found[job] ?? [:]
            #expect(others.keys.sorted() == files.keys.sorted(), "\(job): other files")
            for (name, digest) in files.sorted(by: { $0.key < $1.key }) {
                #expect(others[name] == digest, "\(job): other bytes in \(name), kernels \(kernels)")
                compared += 1
            }
        }
        print("bundles, kernels \(kernels): \(compared) files of \(committed.count) jobs compared")
        #expect(compared > BundleJob.all.count)
    }
}
