import Foundation
import Testing

extension ProcessTests {
    /// Coordinator and workers over TCP, and what becomes of a job when some of them die.
    @Suite struct Clusters {
        let place: Workplace

        init() throws { place = try Workplace() }

        /// A job's file, and the bundle that `run` makes of it.
        func reference() throws -> (job: String, bundle: String) {
            let job = try place.write(TinyJob.long(in: place).yaml, to: "job.yaml")
            let end = try place.actdiff("run", job, "--out", "reference")
            #expect(end.status == 0, "\(end.errors)")
            return (job, place.path + "/reference")
        }

        @Test("three workers, one of them killed while it holds leases: the same bundle")
        func killedWorker() throws {
            let (job, reference) = try reference()
            let cluster = try TinyCluster(in: place, leaseSeconds: 2)
            for _ in 0..<3 { try cluster.startWorker() }
            let submit = try cluster.start("submit", job, "--watch", "--out", "out")
            let victim = cluster.workers[0]
            try cluster.waitForResults(3, of: victim)
            // Stopped it cannot finish what it holds, so that it surely dies with it.
            victim.signal(SIGSTOP)
            let shown = try cluster.actdiff("show", "tiny-1").output
            #expect(shown.contains(":\(victim.processID)  alive"), "it holds a lease: \(shown)")
            #expect(shown.contains("state   running"))
            #expect(try cluster.shardsDone(of: "tiny-1") >= 3)
            victim.signal(SIGKILL)
            #expect(try victim.end().bySignal)
            _ = try cluster.coordinator.line(with: ":\(victim.processID)", "[Cluster] lost")

            let end = try submit.end()
            #expect(end.status == 0, "\(end.errors)")
            #expect(end.output.hasPrefix("tiny-1\n"))
            try expectSameBundle(reference, place.path + "/out")
            let story = try cluster.actdiff("story", "tiny-1", "0").output
            #expect(story.contains("epoch 1  leased") && story.contains("committed"), "\(story)")
            #expect(try cluster.actdiff("workers").output.split(separator: "\n").count == 2)
            let retry = try cluster.actdiff("retry", "tiny-1")
            #expect(retry.status == 64)
            #expect(
                retry.errors.contains("job tiny-1: expected a job that is partial or failed, found one that is done"))
            for worker in cluster.workers.dropFirst() {
                worker.signal(SIGTERM)
                #expect(try worker.end().status == 0)
            }
            cluster.coordinator.signal(SIGTERM)
            let log = try cluster.coordinator.end()
            #expect(log.status == 0)
            #expect(!log.errors.contains("[Cluster] disputed"))
        }

        @Test("the coordinator killed and started again, workers left running: the same bundle")
        func killedCoordinator() throws {
            let (job, reference) = try reference()
            let cluster = try TinyCluster(in: place, leaseSeconds: 2)
            for _ in 0..<2 { try cluster.startWorker() }
            let submitted = try cluster.actdiff("submit", job)
            #expect(submitted.status == 0 && submitted.output == "tiny-1\n")
            try cluster.waitForResults(10)
            cluster.coordinator.signal(SIGKILL)
            let before = results(try cluster.coordinator.end())

            try cluster.restartCoordinator(leaseSeconds: 2)
            #expect(try cluster.actdiff("watch", "tiny-1").status == 0)
            let saved = try cluster.actdiff("results", "tiny-1", "--save", "out")
            #expect(saved.status == 0, "\(saved.errors)")
            try expectSameBundle(reference, place.path + "/out")
            let alive = cluster.workers.filter(\.isRunning)
            #expect(alive.count == 2)

            cluster.coordinator.signal(SIGTERM)
            let after = results(try cluster.coordinator.end())
            print("results of 480 shards before the coordinator was killed: \(before.count), after: \(after.count)")
            #expect((10..<480).contains(before.count))
            #expect(Set(before + after).count == 480 && Set(after).count == after.count)
            // Results are logged just before all that came together are stored. What was between the two comes again: the
            // last ones, and no more than the two leases that each worker may hold.
            let again = Set(before).intersection(after)
            #expect(
                again.count <= 2 * 2 && again == Set(before.suffix(again.count)),
                "what was stored is not computed again")
        }

        /// Shards whose first result was logged, in that order.
        private func results(_ end: ChildProcess.Ending) -> [String] {
            end.errors.split(separator: "\n").filter { $0.contains("[Cluster] result") }.compactMap { line in
                line.split(separator: " ").first { $0.hasPrefix("shard=") }.map(String.init)
            }
        }

        @Test("SIGTERM: a worker hands in what it computes, hands back the rest, and the job goes on elsewhere")
        func drain() throws {
            // A few shards that take long enough to be told something meanwhile.
            var long = try TinyJob.long(in: place, times: 60)
            long.shardTokens = 45_000
            let job = try place.write(long.yaml, to: "job.yaml")
            let cluster = try TinyCluster(in: place)
            let first = try cluster.startWorker()
            let submit = try cluster.start("submit", job, "--watch", "--out", "out")
            for _ in 0..<2 { _ = try first.line(with: "[Cluster] leased") }
            first.signal(SIGTERM)
            _ = try cluster.coordinator.line(with: "reason=the worker is draining", "[Cluster] handed back")
            try cluster.waitForResults(1, of: first)
            _ = try cluster.coordinator.line(with: "[Cluster] goodbye")
            #expect(try first.end().status == 0)
            #expect((1...2).contains(try cluster.shardsDone(of: "tiny-1")))
            // Leases last a minute: were one not handed back, the job would wait for its end.
            try cluster.startWorker()
            #expect(try submit.end(patience: 45).status == 0)
            #expect(try place.actdiff("run", job, "--out", "reference").status == 0)
            try expectSameBundle(place.path + "/reference", place.path + "/out")
        }

        @Test("a second SIGTERM: the worker leaves at once, and what it computed goes back")
        func stop() throws {
            // One shard that takes seconds.
            var job = try TinyJob.long(in: place, times: 200)
            job.shardTokens = 1 << 18
            let cluster = try TinyCluster(in: place)
            let worker = try cluster.startWorker()
            #expect(try cluster.actdiff("submit", place.write(job.yaml, to: "job.yaml")).status == 0)
            _ = try worker.line(with: "shard=0", "[Cluster] leased")
            worker.signal(SIGTERM)
            _ = try worker.line(with: "[Cluster] draining")
            #expect(worker.isRunning, "it goes on with its shard")
            worker.signal(SIGTERM)
            let end = try worker.end()
            #expect(end.status == 0)
            #expect(!end.errors.contains("[Cluster] computed"))
            _ = try cluster.coordinator.line(
                with: "shard=0", "reason=the worker was told to stop", "[Cluster] handed back")
            #expect(try cluster.shardsDone(of: "tiny-1") == 0)
        }

        @Test("jobs, show and cancel; a cancelled job's watch ends with status 75")
        func operators() throws {
            let cluster = try TinyCluster(in: place)
            let job = try place.write(TinyJob.long(in: place).yaml, to: "job.yaml")
            #expect(try cluster.actdiff("jobs").output == "")
            let first = try cluster.start("submit", job, "--watch", "--out", "out")
            _ = try first.line(with: "tiny-1", "0/480 shards")
            let shown = try cluster.actdiff("show", "tiny-1")
            #expect(shown.status == 0)
            #expect(shown.output.hasPrefix("job     tiny-1 (tiny)\nstate   running\nshards  0 of 480\ntokens  0 of "))

            let worker = try cluster.startWorker()
            try cluster.waitForResults(2)
            #expect(try cluster.actdiff("cancel", "tiny-1").status == 0)
            let watched = try first.end()
            #expect(watched.status == 75)
            #expect(watched.errors.contains("job tiny-1: expected to end by itself, found it was cancelled"))
            #expect(try cluster.actdiff("watch", "tiny-1").status == 75)
            let again = try cluster.actdiff("cancel", "tiny-1")
            #expect(again.status == 64)
            #expect(again.errors.contains("job tiny-1: expected a job that has not ended, found one that is cancelled"))
            let results = try cluster.actdiff("results", "tiny-1", "--save", "out")
            #expect(results.status == 75)
            #expect(results.errors.contains("job tiny-1: expected a job that is done, found one that is cancelled"))
            #expect(try place.contents.filter { $0.hasPrefix("out") } == [])

            // The worker goes on with the next job.
            let short = try place.write(TinyJob().yaml, to: "short.yaml")
            #expect(try cluster.actdiff("submit", short, "--watch", "--out", "out").status == 0)
            #expect(try place.actdiff("run", short, "--out", "reference").status == 0)
            try expectSameBundle(place.path + "/reference", place.path + "/out")
            #expect(worker.isRunning)
            let jobs = try cluster.actdiff("jobs").output.split(separator: "\n")
            #expect(jobs.count == 2)
            #expect(jobs.first?.hasPrefix("tiny-1  cancelled  ") == true)
            #expect(jobs.last?.hasPrefix("tiny-2  done  42/42 shards  ") == true, "\(jobs)")
        }

        @Test("a worker that may not open the models: who waits for the job is told why, and another worker does it")
        func wrongRoot() throws {
            let cluster = try TinyCluster(in: place)
            let worker = try cluster.startWorker(root: place.path)
            let job = try place.write(TinyJob().yaml, to: "job.yaml")
            let watch = try cluster.start("submit", job, "--watch", "--out", "out")
            let line = try watch.line(with: "cannot do tiny-1")
            #expect(line.contains("/base: expected a path below one of the worker's model roots ("))
            #expect(line.contains("found one outside them"))
            let shown = try cluster.actdiff("show", "tiny-1").output
            #expect(shown.contains("state   running\n") && shown.contains("cannot do tiny-1: "), "\(shown)")
            #expect(try cluster.actdiff("workers").output.contains("hint: add the folder to the worker's model_roots"))
            #expect(worker.isRunning)
            _ = try cluster.startWorker()
            #expect(try watch.end().status == 0)
            #expect(try cluster.actdiff("show", "tiny-1").output.contains("state   done\n"))
        }
    }
}
