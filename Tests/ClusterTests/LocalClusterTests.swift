import Compute
import Foundation
import Inputs
import TestSupport
import Testing
import Wire
import Work
@testable import Cluster

@Suite(.timeLimit(.minutes(5))) struct LocalClusterTests {
    let folder: TemporaryFolder
    let planner = FakeKind()

    init() throws { folder = try TemporaryFolder() }

    /// A cluster whose worker processes are a shell script.
    func cluster(_ script: String, job: String = "6 10", threads: Int = 3) throws -> LocalCluster {
        let path = folder.path + "/worker.sh"
        try Data("#!/bin/sh\n\(script)\n".utf8).write(to: URL(fileURLWithPath: path))
        try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: path)
        var order = LocalCluster.Order(
            source: JobSource.fake(job), label: JobLabel(kind: FakeKind.name, name: "fake"),
            output: folder.path + "/out",
            workers: 2, threadsPerWorker: threads, memoryPerWorker: MemorySize(bytes: 5000), modelRoots: ["/a", "/b"])
        order.executable = path
        return try LocalCluster(order, parts: .init(kinds: WorkKinds([planner]), build: "test", logger: quiet))
    }

    func worker(_ endpoints: Endpoints, _ evaluator: FakeEvaluator = FakeEvaluator()) throws -> WorkerService {
        try WorkerService(
            connect: endpoints,
            parts: .init(evaluator))
    }

    var files: [String] { get throws { try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted() } }

    @Test("a run ends with the bundle in its place and nothing else left")
    func wholeRun() throws {
        // The script's processes stay until their input is closed; the work is done in here.
        let cluster = try cluster("echo \"$@\" >> \(folder.path)/arguments.txt; exec cat > /dev/null")
        let worker = try worker(cluster.endpoints)
        var states: [JobState] = []
        _ = try cluster.run { states.append($0.state) }
        #expect(states.last == .done)
        let left = try files
        #expect(left == ["arguments.txt", "out", "worker.sh"])
        #expect(FileManager.default.fileExists(atPath: folder.path + "/out/digests.txt"))
        let arguments = try String(contentsOfFile: folder.path + "/arguments.txt", encoding: .utf8)
        #expect(
            arguments.split(separator: "\n").sorted()
                == ["", " --show-memory-plan"].map { more in
                    """
                    worker --connect \(cluster.endpoints.control) --data \(cluster.endpoints.data) --threads 3 --memory 5000B \
                    --model-root /a --model-root /b --until-stdin-closes\(more)
                    """
                })
        worker.vanish()
    }

    @Test("workers that keep dying end the run, after a bounded number of new ones")
    func dyingWorkers() throws {
        let cluster = try cluster("echo x >> \(folder.path)/starts.txt; exit 3")
        let error = #expect(throws: InputError.self) { try cluster.run { _ in } }
        #expect(error?.found == "exit status 3" && error?.kind == .temporary)
        let starts = try String(contentsOfFile: folder.path + "/starts.txt", encoding: .utf8)
        #expect((7...8).contains(starts.split(separator: "\n").count))
        #expect(try files.contains("out.actdiff-state"), "a run that was not finished can go on")
    }

    @Test("each worker has processors of its own, and one that takes another's place has that one's")
    func processors() throws {
        let own = try #require(ProcessorSet.ofThisThread())
        let threads = max(1, own.numbers.count / 2)
        let isDivided = !own.slices(2, of: threads).isEmpty
        let first = try #require(own.numbers.first)
        // The one with the first processor dies whenever it is started; the other one stays.
        let file = folder.path + "/processors.txt"
        let cluster = try cluster(
            """
            list=$(grep Cpus_allowed_list: /proc/self/status | cut -f 2); echo "$list" >> \(file)
            case "$list" in \(first)|\(first)-*|\(first),*) exit 3;; esac; exec cat > /dev/null
            """, threads: threads)
        // Where processors cannot be divided, workers share them, and both die.
        #expect(throws: InputError.self) { try cluster.run { _ in } }
        let lists = try String(contentsOfFile: file, encoding: .utf8).split(separator: "\n")
        #expect(Set(lists).count == (isDivided ? 2 : 1))
        if isDivided { #expect(Set(lists).map { list in lists.count { $0 == list } }.sorted() == [1, 7]) }
        #expect(ProcessorSet.ofThisThread() == own)
    }

    @Test("where processors cannot be divided among them, workers share all of them")
    func sharedProcessors() throws {
        let own = try #require(ProcessorSet.ofThisThread())
        let file = folder.path + "/processors.txt"
        let cluster = try cluster(
            "grep Cpus_allowed_list: /proc/self/status >> \(file); exit 3", threads: own.numbers.count)
        #expect(throws: InputError.self) { try cluster.run { _ in } }
        let lists = Set(try String(contentsOfFile: file, encoding: .utf8).split(separator: "\n"))
        let here = try String(contentsOfFile: "/proc/thread-self/status", encoding: .utf8)
        let list = here.split(separator: "\n").filter { $0.hasPrefix("Cpus_allowed_list:") }
        #expect(lists == Set(list))
    }

    @Test("workers that cannot work as they are set up end the run at once")
    func hopelessWorkers() throws {
        let cluster = try cluster("exit 78")
        let error = #expect(throws: InputError.self) { try cluster.run { _ in } }
        #expect(error?.found == "exit status 78" && error?.kind == .configuration)
    }

    @Test("an interrupted run goes on when it is started again with the same job and output")
    func goingOn() throws {
        let first = try cluster("exec cat > /dev/null")
        let evaluator = FakeEvaluator(holdAt: 4)
        let firstWorker = try worker(first.endpoints, evaluator)
        let interrupt = first.interrupt
        let error = #expect(throws: InputError.self) {
            try first.run { if $0.shardsDone == 3 { interrupt() } }
        }
        #expect(error?.found == "an interruption" && error?.kind == .temporary)
        firstWorker.vanish()
        evaluator.letGo()
        let second = try cluster("exec cat > /dev/null")
        let rest = FakeEvaluator()
        let secondWorker = try worker(second.endpoints, rest)
        _ = try second.run { _ in }
        #expect(rest.evaluated == 3)
        let left = try files
        #expect(left == ["out", "worker.sh"])
        secondWorker.vanish()
    }

    @Test("a run that was killed when its bundle was in place has only its state to clear away")
    func killedAtTheEnd() throws {
        let state = folder.path + "/out.actdiff-state"
        var config = CoordinatorConfig(state: state)
        config.endpoints = Endpoints(control: "tcp://127.0.0.1:*", data: "tcp://127.0.0.1:*")
        let coordinator = try CoordinatorService(
            config, parts: .init(kinds: WorkKinds([planner]), build: "test", logger: quiet))
        let first = try worker(coordinator.endpoints)
        let client = try CoordinatorClient(endpoint: coordinator.endpoints.control)
        let job = try client.submit(JobSource.fake("6 10"))
        #expect(planner.folded?.takeAll(waiting: .seconds(60)).count == 1)
        while try client.show(job).summary.state != .done {}
        try client.fetchBundle(of: job, to: folder.path + "/out")
        first.vanish()
        coordinator.stop()

        // So it is with anything in the way that cannot even be read.
        let stranger = folder.path + "/out/stranger"
        #expect(mkfifo(stranger, 0o600) == 0)
        let refusal = #expect(throws: InputError.self) { try cluster("exit 1") }
        #expect(refusal?.kind == .usage && refusal?.place == folder.path + "/out")
        unlink(stranger)

        let script = "echo x >> \(folder.path)/starts.txt; exec cat > /dev/null"
        // Whatever is there that is not this job's bundle is not to be touched.
        let digests = try Data(contentsOf: URL(fileURLWithPath: folder.path + "/out/digests.txt"))
        try Data("others".utf8).write(to: URL(fileURLWithPath: folder.path + "/out/digests.txt"))
        for job in ["6 10", "6 11"] {
            let error = #expect(throws: InputError.self) { try cluster(script, job: job) }
            #expect(error?.place == folder.path + "/out" && error?.found == "one that does")
            try digests.write(to: URL(fileURLWithPath: folder.path + "/out/digests.txt"))
        }

        #expect(try cluster(script).run { _ in }.summary.state == .done)
        #expect(try files == ["out", "worker.sh"], "no worker was started, and no state is left")
    }

    @Test("a state whose bundle is gone or damaged is of no use, and in nobody's way")
    func damagedState() throws {
        for harm in ["digests.txt", ""] {
            let first = try cluster("exec cat > /dev/null")
            let worker = try worker(first.endpoints)
            let state = folder.path + "/out.actdiff-state"
            let kept = folder.path + "/kept"
            // The state as it is when the bundle has come to its place.
            _ = try first.run { summary in
                guard summary.state == .done else { return }
                try? FileManager.default.copyItem(atPath: state, toPath: kept)
            }
            worker.vanish()
            try FileManager.default.moveItem(atPath: kept, toPath: state)
            let bundles = try FileManager.default.contentsOfDirectory(atPath: state + "/bundles")
            #expect(bundles.count == 1)
            try FileManager.default.removeItem(atPath: "\(state)/bundles/\(bundles[0])/\(harm)")
            try FileManager.default.removeItem(atPath: folder.path + "/out")

            let second = try cluster("exec cat > /dev/null")
            let again = try self.worker(second.endpoints)
            #expect(try second.run { _ in }.summary.state == .done)
            again.vanish()
            #expect(try files == ["out", "worker.sh"])
            try FileManager.default.removeItem(atPath: folder.path + "/out")
        }
    }

    @Test("another job with the same output starts anew")
    func otherJob() throws {
        let first = try cluster("exec cat > /dev/null")
        let interrupt = first.interrupt
        #expect(throws: InputError.self) { try first.run { _ in interrupt() } }
        let second = try cluster("exec cat > /dev/null", job: "2 7")
        let worker = try worker(second.endpoints)
        _ = try second.run { _ in }
        #expect(planner.folded?.takeAll().map(\.count) == [2])
        worker.vanish()
    }

    @Test("an output that exists is refused before anything is started")
    func existingOutput() throws {
        try FileManager.default.createDirectory(atPath: folder.path + "/out", withIntermediateDirectories: true)
        let error = #expect(throws: InputError.self) { try cluster("exit 1") }
        #expect(error?.place == folder.path + "/out" && error?.found == "one that does")
        #expect(try files == ["out", "worker.sh"])
    }

    @Test("a job that fails leaves its error and no state behind")
    func failedJob() throws {
        let cluster = try cluster("exec cat > /dev/null", job: "5000 1")
        let error = #expect(throws: InputError.self) { try cluster.run { _ in } }
        #expect(error?.expected == "fewer than 1000 shards")
        #expect(try files == ["worker.sh"])
    }
}
