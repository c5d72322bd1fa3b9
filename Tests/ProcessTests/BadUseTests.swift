import Foundation
import Testing

extension ProcessTests {
    /// Command lines, places and peers that are not as they should be.
    @Suite struct BadUse {
        let place: Workplace
        let job: String

        init() throws {
            place = try Workplace()
            job = try place.write(TinyJob().yaml, to: "job.yaml")
        }

        /// Expects exit status, texts on standard error, nothing on standard output and nothing left behind.
        func expect(
            _ arguments: String..., status: Int32, says: String..., sourceLocation: SourceLocation = #_sourceLocation
        ) throws {
            let before = try place.contents
            let end = try place.start(arguments).end()
            #expect(end.status == status, "\(end.errors)", sourceLocation: sourceLocation)
            for text in says {
                #expect(end.errors.contains(text), "\(text) is not in: \(end.errors)", sourceLocation: sourceLocation)
            }
            #expect(end.output == "", sourceLocation: sourceLocation)
            #expect(try place.contents == before, "nothing is left behind", sourceLocation: sourceLocation)
        }

        @Test("an unknown command or option is a usage error") func usage() throws {
            try expect("runn", status: 64, says: "Unexpected argument 'runn'")
            try expect("run", job, "--wrokers", "2", status: 64, says: "Unknown option '--wrokers'")
            try expect("run", job, "--workers", "0", status: 64, says: "--workers is 1 to 256")
            try expect(
                "run", job, "--memory", "4", status: 64, says: "The value '4' is invalid for '--memory <size>'",
                "such as 4GiB or 4096MiB")
            try expect("worker", "--model-root", "/", "--memory", "4GB", status: 64, says: "'4GB' is invalid")
            try expect("run", status: 64, says: "Missing expected argument '<job>'")
            try expect("submit", job, "--out", "x", status: 64, says: "--out needs --watch")
            try expect(
                "results", "nowhere/at/all", status: 64, says: "nowhere/at/all: expected an existing result folder")
            try expect("coordinator", status: 64, says: "expected --state FOLDER or --config FILE, found neither")
            try expect("worker", status: 64, says: "expected --model-root FOLDER or --config FILE, found neither")
        }

        @Test("too little memory for the job says how much it takes") func littleMemory() throws {
            try expect(
                "run", job, "--out", "out", "--memory", "8MiB", status: 78, says: "--memory: expected at least ",
                "found 8MiB",
                "raise the limit")
        }

        @Test("a job file that does not exist") func noJob() throws {
            try expect("run", "no.yaml", status: 65, says: "no.yaml: expected a readable file, found No such file")
        }

        @Test("a result folder that exists is never overwritten") func existingOutput() throws {
            try FileManager.default.createDirectory(atPath: place.path + "/out", withIntermediateDirectories: true)
            let text = "/out: expected a folder that does not exist yet, found one that does"
            try expect("run", job, "--out", "out", status: 64, says: text, "results are never overwritten")
            try expect("submit", job, "--watch", "--out", "out", status: 64, says: text)
        }

        @Test("an output that cannot be made is refused before anything is computed") func unwritableOutput() throws {
            let file = try place.write("not a folder", to: "file.txt")
            try expect(
                "run", job, "--out", file + "/out", status: 78, says: "file.txt/out",
                "expected a place where a folder can be made")
            try expect(
                "submit", job, "--watch", "--out", file + "/out", status: 78,
                says: "file.txt/out: expected a place where a folder can be made, found Not a directory")
            try expect(
                "coordinator", "--state", file + "/state", status: 78,
                says: "file.txt/state: expected a folder that can be written")
        }

        @Test("where no coordinator answers, every operator command says so and ends with status 69")
        func unreachable() throws {
            // A port that was free a moment ago.
            let cluster = try TinyCluster(in: place)
            cluster.coordinator.signal(SIGTERM)
            #expect(try cluster.coordinator.end().status == 0)
            let commands = [
                ["submit", job], ["submit", job, "--watch", "--out", "out"], ["jobs"], ["show", "tiny-1"],
                ["watch", "tiny-1"], ["cancel", "tiny-1"], ["results", "tiny-1", "--save", "out"],
            ]
            let before = try place.contents
            let children = try commands.map { try place.start($0 + ["--connect", cluster.control]) }
            for child in children {
                let end = try child.end()
                #expect(end.status == 69)
                #expect(
                    end.errors.contains("\(cluster.control): expected a coordinator that answers, found no connection"))
                #expect(end.errors.contains("hint: is the coordinator running"))
                #expect(end.errors.hasPrefix("waiting for a coordinator at \(cluster.control)"))
                #expect(end.output == "")
            }
            #expect(try place.contents == before)
        }

        @Test("a worker needs model roots that exist") func noRoot() throws {
            try expect(
                "worker", "--model-root", place.path + "/nowhere", status: 78,
                says: "/nowhere: expected an existing folder as a model root, found No such file or directory")
        }

        @Test("a coordinator is refused on addresses that other machines reach") func remoteCoordinator() throws {
            try expect(
                "coordinator", "--state", "state", "--listen", "tcp://0.0.0.0:*", status: 78,
                says: "expected keys, or a loopback endpoint", "found tcp://0.0.0.0:*", "actdiff keygen")
        }

        @Test("a state folder belongs to one coordinator at a time") func stateInUse() throws {
            let cluster = try TinyCluster(in: place)
            let any = "tcp://127.0.0.1:*"
            let second = try place.actdiff("coordinator", "--state", "state", "--listen", any, "--data", any)
            #expect(second.status == 75)
            #expect(
                second.errors.contains(
                    "/state: expected a state folder that no other coordinator uses, found one in use by process "
                        + "\(cluster.coordinator.processID)"))
            #expect(try cluster.actdiff("jobs").status == 0, "the first goes on")
        }

        @Test("a log level that there is not is told, with what was meant") func logLevel() throws {
            let end = try place.start(["doctor"], log: "debgu").end()
            #expect(end.status == 78 && end.errors.contains("ACTDIFF_LOG: expected one of trace, debug, info, "))
            #expect(end.errors.contains("found 'debgu'\n  hint: did you mean 'debug'?"))
        }

        @Test("an address that somebody else has is a temporary failure, on every port")
        func addressesInUse() throws {
            let cluster = try TinyCluster(in: place)
            let any = "tcp://127.0.0.1:*"
            let taken = try place.actdiff("coordinator", "--state", "other", "--listen", cluster.control, "--data", any)
            #expect(taken.status == 75 && taken.errors.contains("Address already in use\n  hint: choose another"))
            let port = try #require(cluster.control.split(separator: ":").last)
            let http = try place.actdiff(
                "coordinator", "--state", "other", "--listen", any, "--data", any, "--http", "127.0.0.1:\(port)")
            #expect(http.status == 75 && http.errors.contains("http: 127.0.0.1:\(port): expected an address and port"))
        }

        @Test("a bundle that was changed afterwards is not printed") func changedBundle() throws {
            #expect(try place.actdiff("run", job, "--out", "out").status == 0)
            try expect(
                "results", "out", "--mask", "assistant", status: 64,
                says: "--mask: expected what the job has: all, content, last")
            let columns = place.path + "/out/latents.adapted.resid_post.2.all.safetensors"
            var data = try Data(contentsOf: URL(fileURLWithPath: columns))
            data[data.count - 3] ^= 1
            try data.write(to: URL(fileURLWithPath: columns))
            try expect(
                "results", "out", status: 65,
                says: "latents.adapted.resid_post.2.all.safetensors: expected SHA-256 ",
                "the file was changed after the job")
            try Data("{".utf8).write(to: URL(fileURLWithPath: place.path + "/out/manifest.json"))
            try expect("results", "out", status: 65, says: "out/manifest.json", "expected ")
        }
    }
}
