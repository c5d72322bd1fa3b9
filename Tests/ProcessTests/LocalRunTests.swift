import Foundation
import TestSupport
import Testing

extension ProcessTests {
    /// `actdiff run` on its own.
    @Suite struct LocalRuns {
        let place: Workplace

        init() throws { place = try Workplace() }

        @Test("the bundle is the same for 1, 2 and 3 workers, with 1 and 2 threads each")
        func anyNumberOfWorkers() throws {
            let job = try place.write(TinyJob().yaml, to: "job.yaml")
            for (workers, threads) in [(1, 1), (1, 2), (2, 1), (2, 2), (3, 1), (3, 2)] {
                let out = "\(workers)-\(threads)"
                let end = try place.actdiff(
                    "run", job, "--out", out, "--workers", "\(workers)", "--threads", "\(threads)", "--tables")
                #expect(end.status == 0, "\(end.errors)")
                #expect(end.output.contains("adapted at resid_post.2, mask content: 60 prompts"))
                try expectSameBundle(place.path + "/1-1", place.path + "/" + out)
            }
            let left = try FileManager.default.contentsOfDirectory(atPath: place.path).sorted()
            #expect(left == ["1-1", "1-2", "2-1", "2-2", "3-1", "3-2", "job.yaml"])
        }

        @Test("an SAE and named vectors at one hook: a bundle with both, and tables with the vectors' names")
        func directions() throws {
            let vectors = [("calm", Float(1)), ("angry", -2)].map { name, sign in
                (name, TensorFile.Tensor((0..<32).map { sign * Float($0 % 5) }, shape: [32]))
            }
            try TensorFile(Dictionary(uniqueKeysWithValues: vectors)).write(to: place.path + "/vectors.safetensors")
            var job = TinyJob()
            job.hook += ", {layer: 2, directions: vectors.safetensors}"
            let file = try place.write(job.yaml, to: "job.yaml")
            for workers in ["1", "3"] {
                let end = try place.actdiff("run", file, "--out", workers, "--workers", workers, "--tables")
                #expect(end.status == 0, "\(end.errors)")
                #expect(end.output.contains("adapted at resid_post.2.directions, mask content: 60 prompts"))
            }
            try expectSameBundle(place.path + "/1", place.path + "/3")
            let columns = try TensorFile(
                "\(place.path)/1/latents.adapted.resid_post.2.directions.all.safetensors")
            #expect(columns.tensors["density_base"] == nil)
            // One vector is the other turned round, and its length does not matter.
            let delta = try #require(columns.tensors["delta"]).doubles
            #expect(delta.count == 2 && delta[0] != 0 && delta[0] == -delta[1])
            let csv = try place.actdiff(
                "results", "1", "--hook", "resid_post.2.directions", "--mask", "all", "--format", "csv")
            #expect(csv.output.contains("latent,name,") && csv.output.contains(",0,angry,"), "\(csv.output)")
        }

        @Test("the bundle is the same in little memory, and one line says how memory is used")
        func littleMemory() throws {
            let job = try place.write(TinyJob().yaml, to: "job.yaml")
            for (memory, workers) in [("1GiB", "1"), ("72MiB", "2")] {
                let end = try place.actdiff(
                    "run", job, "--out", memory, "--workers", workers, "--threads", "1", "--memory", memory)
                #expect(end.status == 0, "\(end.errors)")
                let lines = end.errors.split(separator: "\n").filter { $0.contains("memory plan: ") }
                #expect(lines.count == 1 && lines[0].contains(" layers at a time)"), "\(end.errors)")
            }
            try expectSameBundle(place.path + "/1GiB", place.path + "/72MiB")
        }

        @Test("a run that was killed goes on when the same command is given again, and leaves no process behind")
        func killedRun() throws {
            let job = try place.write(TinyJob.long(in: place).yaml, to: "job.yaml")
            let whole = try place.actdiff("run", job, "--out", "whole", "--workers", "2")
            #expect(whole.status == 0, "\(whole.errors)")

            let command = ["run", job, "--out", "killed", "--workers", "2"]
            let killed = try place.start(command, log: "debug")
            // What a worker was told is stored; results that came together are stored together, after they were logged.
            for _ in 0..<5 { _ = try killed.line(with: "[Cluster] accepted") }
            killed.signal(SIGKILL)
            // The workers have its standard error as well: it ends when the last of them has.
            let end = try killed.end(patience: 30)
            #expect(end.bySignal && end.status == SIGKILL)
            #expect(!FileManager.default.fileExists(atPath: place.path + "/killed"))

            let again = try place.start(command, log: "debug")
            _ = try again.line(with: "going on where an earlier run was interrupted")
            let second = try again.end()
            #expect(second.status == 0)
            try expectSameBundle(place.path + "/whole", place.path + "/killed")
            let computed = second.errors.split(separator: "\n").count { $0.contains("[Cluster] result") }
            print("results of 480 shards after a run was killed and started again: \(computed)")
            #expect((1...475).contains(computed), "the second run computes what is left of 480 shards, and only that")
            #expect(try !place.contents.contains { $0.hasSuffix(".actdiff-state") || $0.contains(".partial") })
        }

        @Test("a run that is told to stop says how to go on")
        func interruptedRun() throws {
            let job = try place.write(TinyJob.long(in: place).yaml, to: "job.yaml")
            let run = try place.start(["run", job, "--out", "out"], log: "debug")
            _ = try run.line(with: "[Cluster] result")
            run.signal(SIGTERM)
            let end = try run.end()
            #expect(end.status == 75)
            #expect(end.errors.contains("/out: expected to finish, found an interruption"))
            #expect(end.errors.contains("run the same command again to go on"))
            #expect(try place.actdiff("run", job, "--out", "out").status == 0)
        }

        @Test("a run whose messages nobody reads any more goes on to its end")
        func unreadRun() throws {
            let job = try place.write(TinyJob().yaml, to: "job.yaml")
            let end = try place.start(["run", job, "--out", "out"], log: "debug", hasReader: false).end()
            #expect(end.status == 0 && !end.bySignal)
            #expect(FileManager.default.fileExists(atPath: place.path + "/out/manifest.json"))
        }

        @Test("base against itself: every difference is exactly zero")
        func baseAgainstItself() throws {
            var job = TinyJob()
            job.tuned = [
                "{name: itself, checkpoint: \(job.base)}", "{name: control, checkpoint: \(job.base), control: true}",
            ]
            let end = try place.actdiff("run", place.write(job.yaml, to: "job.yaml"), "--out", "out", "--workers", "2")
            #expect(end.status == 0, "\(end.errors)")
            var columns = 0
            for mask in ["all", "content", "last"] {
                let file = try TensorFile("\(place.path)/out/latents.itself.resid_post.2.\(mask).safetensors")
                let base = try #require(file.tensors["mean_base"]).doubles
                #expect(base.contains { $0 > 0 } && base.count == 64)
                #expect(file.tensors["mean_tuned"]?.doubles == base)
                #expect(file.tensors["density_tuned"]?.doubles == file.tensors["density_base"]?.doubles)
                for (name, tensor) in file.tensors where name.contains("delta") || ["t", "cohens_d"].contains(name) {
                    #expect(tensor.doubles == [Double](repeating: 0, count: 64), "\(name), mask \(mask)")
                    columns += 1
                }
                for name in ["p", "q"] {
                    let values = try #require(file.tensors[name]).doubles
                    #expect(values == [Double](repeating: 1, count: 64), "\(name), mask \(mask)")
                }
            }
            #expect(columns >= 3 * 7, "delta, prompt_delta, t, cohens_d, both halves, the control's difference")
        }
    }
}
