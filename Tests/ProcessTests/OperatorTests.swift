import Foundation
import Testing

extension ProcessTests {
    /// What people meet who submit, watch and tidy up.
    @Suite struct Operators {
        let place: Workplace
        let job: String

        init() throws {
            place = try Workplace()
            job = try place.write(TinyJob().yaml, to: "job.yaml")
        }

        func badJob() throws -> String {
            var bad = TinyJob()
            bad.hook = "{layer: 99, sae: \(Workplace.fixtures)/sae}"
            return try place.write(bad.yaml, to: "bad.yaml")
        }

        @Test("submit waits for the plan and ends with its error; --no-wait does not; a log line is one line")
        func planningErrors() throws {
            let cluster = try TinyCluster(in: place)
            let end = try cluster.actdiff("submit", badJob())
            #expect(end.status == 65 && end.output == "tiny-1\n", "\(end.errors)")
            #expect(end.errors.contains("layer") && end.errors.contains("99"))
            let quick = try cluster.actdiff("submit", badJob(), "--no-wait")
            #expect(quick.status == 0 && quick.output == "tiny-2\n" && quick.errors == "")
            // Both failures are in the log by the time that the first watch of the second one ends.
            #expect(try cluster.actdiff("watch", "tiny-2").status == 65)
            cluster.coordinator.signal(SIGTERM)
            let log = try cluster.coordinator.end().errors.split(separator: "\n")
            #expect(log.contains { $0.contains(" failed") && $0.contains("99") })
            let strange = log.filter { !$0.hasPrefix("20") && !$0.hasPrefix("listening: ") }
            #expect(strange.isEmpty, "\(strange)")
        }

        @Test("an input that is not there is named by submit as by run")
        func missingInput() throws {
            var bad = TinyJob()
            bad.hook = "{layer: 0, sae: nowhere}"
            let job = try place.write(bad.yaml, to: "missing.yaml")
            let cluster = try TinyCluster(in: place)
            for end in [try cluster.actdiff("submit", job), try place.actdiff("run", job, "--out", "out")] {
                #expect(
                    end.status == 65 && end.errors.contains("missing.yaml: sae of hook resid_post.0"), "\(end.errors)")
                #expect(end.errors.contains("hint: paths in a job file are relative to the folder of the file"))
            }
        }

        @Test("what is to be printed is checked before the work; no worker is said, and so is no coordinator")
        func nobodyThere() throws {
            for command in [
                ["run", job, "--out", "out"], ["submit", job, "--watch", "--connect", "tcp://127.0.0.1:9"],
            ] {
                let end = try place.start(command + ["--tuned", "vilain"]).end()
                #expect(
                    end.status == 64 && end.errors.contains("--tuned: expected what the job has: "), "\(end.errors)")
            }
            #expect(!FileManager.default.fileExists(atPath: place.path + "/out.actdiff-state"))
            let cluster = try TinyCluster(in: place)
            let watch = try cluster.start("submit", job, "--watch")
            _ = try watch.line(with: "no worker is connected")
            watch.signal(SIGINT)
            _ = try watch.end()
            let workers = try cluster.actdiff("workers")
            #expect(workers.output == "" && workers.errors == "no workers")
            let worker = try place.start(["worker", "--connect", "tcp://127.0.0.1:9", "--model-root", place.path])
            _ = try worker.line(with: "no answer from a coordinator", "endpoint=tcp://127.0.0.1:9")
            worker.signal(SIGTERM)
            #expect(try worker.end().status == 0)
        }

        @Test("run says once what is wrong with a job")
        func onceOnly() throws {
            let end = try place.actdiff("run", badJob(), "--out", "out")
            #expect(end.status == 65)
            #expect(end.errors.components(separatedBy: "expected a layer below").count == 2, "\(end.errors)")
        }

        @Test("with --format csv or json nothing but the data is on standard output; folders around it are like others")
        func dataAlone() throws {
            let cluster = try TinyCluster(in: place)
            try cluster.startWorker()
            let csv = try cluster.actdiff("submit", job, "--watch", "--format", "csv")
            #expect(csv.status == 0 && csv.output.hasPrefix("tuned,hook,mask,"), "\(csv.output.prefix(200))")
            #expect(csv.errors.contains("tiny-1"))
            let json = try cluster.actdiff("submit", job, "--watch", "--format", "json")
            #expect(try JSONSerialization.jsonObject(with: Data(json.output.utf8)) is [Any])
            // The endpoint may stand in the environment.
            let listed = try place.start(["jobs"], environment: ["ACTDIFF_CONNECT": cluster.control]).end()
            #expect(listed.status == 0 && listed.output.hasPrefix("tiny-1  done  "))

            let removal = try cluster.actdiff("rm", "tiny-1", "none-7", "tiny-2")
            #expect(removal.status == 64 && removal.output == "tiny-1 is removed\ntiny-2 is removed\n")
            #expect(removal.errors.contains("none-7") && removal.errors.contains("some that could not be"))
            let none = try cluster.actdiff("jobs")
            #expect(none.output == "" && none.errors == "no jobs")
            let bundles = try FileManager.default.contentsOfDirectory(atPath: place.path + "/state/bundles")
            #expect(bundles.filter { !$0.hasPrefix(".") }.allSatisfy { $0 == "tiny-1" || $0 == "tiny-2" })
        }

        @Test("a run into a folder that is not there makes it as mkdir would")
        func modes() throws {
            #expect(try place.actdiff("run", job, "--out", "results/first").status == 0)
            let mask = umask(0)
            umask(mask)
            let attributes = try FileManager.default.attributesOfItem(atPath: place.path + "/results")
            #expect((attributes[.posixPermissions] as? NSNumber)?.uint32Value == 0o777 & ~UInt32(mask))
        }

        @Test("Ctrl-C in watch says that the job goes on; a shard that was never leased has a story, too")
        func interruptedWatch() throws {
            let cluster = try TinyCluster(in: place)
            #expect(try cluster.actdiff("submit", job).status == 0)
            let watch = try cluster.start("watch", "tiny-1")
            _ = try watch.line(with: "tiny-1")
            watch.signal(SIGINT)
            let end = try watch.end()
            #expect(end.status == 75 && !end.bySignal)
            #expect(end.errors.contains("the job goes on; watch it again with: actdiff watch tiny-1 --connect "))
            let story = try cluster.actdiff("story", "tiny-1", "3")
            #expect(story.status == 0 && story.output == "")
            #expect(story.errors.contains("shard 3 of tiny-1 was never leased"))
            let refused = try cluster.actdiff("rm", "tiny-1")
            #expect(refused.status == 64 && refused.errors.contains("hint: call it off first: actdiff cancel tiny-1"))
            #expect(try cluster.actdiff("cancel", "tiny-1").status == 0)
            let trial = try cluster.actdiff("prune", "--older-than", "30d", "--dry-run")
            #expect(trial.status == 0 && trial.output == "")
            #expect(try cluster.actdiff("prune", "--older-than", "30").status == 64)
            #expect(try cluster.actdiff("rm", "tiny-1").status == 0)
        }

        @Test("on a terminal nothing that workers say stands inside the progress line")
        func terminal() throws {
            let job = try place.write(TinyJob.long(in: place).yaml, to: "long.yaml")
            let process = Process()
            let output = Pipe()
            process.executableURL = URL(fileURLWithPath: "/usr/bin/script")
            process.arguments = [
                "-qec", "\(ChildProcess.executable) run \(job) --out \(place.path)/out", "/dev/null",
            ]
            process.environment = ProcessInfo.processInfo.environment.merging(
                ["XDG_CACHE_HOME": place.path + "/cache", "ACTDIFF_LOG": "notice"]) { $1 }
            process.standardInput = FileHandle.nullDevice
            process.standardOutput = output
            try process.run()
            let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
            process.waitUntilExit()
            #expect(process.terminationStatus == 0, "\(text)")
            #expect(text.contains("█"), "there was a progress line")
            let lines = text.split(whereSeparator: \.isNewline).filter { $0.contains("memory plan: ") }
            #expect(lines.count == 1)
            for line in lines {
                let shown = line.components(separatedBy: "\u{1B}[K").last ?? ""
                #expect(!shown.contains("░") && !shown.contains("█") && !shown.hasPrefix("tiny-1"), "\(shown)")
            }
        }
    }
}
