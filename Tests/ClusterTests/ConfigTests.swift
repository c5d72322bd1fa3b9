import Foundation
import Inputs
import TestSupport
import Testing
import Wire
@testable import Cluster

@Suite struct ConfigTests {
    /// A file of the repository.
    func shipped(_ name: String) throws -> Document {
        let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        return try Document(yamlFile: root.appendingPathComponent(name).path)
    }

    @Test("the documented files are valid and state the defaults")
    func shippedFiles() throws {
        var coordinator = CoordinatorConfig(state: "/var/lib/actdiff")
        coordinator.http = .standard
        #expect(try CoordinatorConfig(shipped("configs/coordinator.yaml")) == coordinator)
        let worker = try WorkerConfig(shipped("configs/worker.yaml"))
        #expect(worker == WorkerConfig(modelRoots: ["/srv/models"]))
    }

    @Test(
        "an endpoint that others could reach is refused with a reason",
        arguments: [
            "tcp://0.0.0.0:5611", "tcp://*:5611", "tcp://10.0.0.7:5611", "tcp://127.0.0.1.example.org:5611",
            "tcp://[::]:5611", "ipc:///tmp/x", "tcp://127.0.0.1", "tcp://127.0.0.1:99999",
        ])
    func remoteBind(endpoint: String) throws {
        let yaml = try Document(yaml: "state: /s\ncontrol: '\(endpoint)'\n", file: "c.yaml")
        let config = try CoordinatorConfig(yaml)
        let error = #expect(throws: InputError.self) { try config.check(place: "the coordinator") }
        #expect(error?.place == "the coordinator" && error?.kind == .configuration)
        #expect(error?.found.contains(endpoint) == true)
    }

    @Test(
        "loopback endpoints are accepted",
        arguments: [
            "tcp://127.0.0.1:1", "tcp://127.1.2.3:65535", "tcp://localhost:*", "tcp://[::1]:5611",
        ])
    func loopback(endpoint: String) throws {
        var config = CoordinatorConfig(state: "/s")
        config.endpoints.data = endpoint
        try config.check(place: "the coordinator")
    }

    @Test(
        "unless told otherwise data goes to the port next to control",
        arguments: [
            ("tcp://head:5611", "tcp://head:5612"), ("tcp://*:7", "tcp://*:8"),
            ("tcp://[::1]:65534", "tcp://[::1]:65535"),
            ("tcp://127.0.0.1:*", "tcp://127.0.0.1:*"),
        ])
    func dataBesideControl(control: String, data: String) throws {
        let expected = Endpoints(control: control, data: data)
        let yaml = "connect: '\(control)'\nmodel_roots: [/m]\n"
        #expect(try WorkerConfig(Document(yaml: yaml, file: "w.yaml")).coordinator == expected)
        let told = try CoordinatorConfig(
            Document(yaml: "state: /s\ncontrol: '\(control)'\ndata: tcp://other:1\n", file: "c.yaml"))
        #expect(told.endpoints == Endpoints(control: control, data: "tcp://other:1"))
    }

    @Test("one port cannot be both")
    func onePort() throws {
        let both = Endpoints(control: "tcp://127.0.0.1:65535")
        let error = #expect(throws: InputError.self) { try both.check(hasKeys: false, place: "the coordinator") }
        #expect(error?.kind == .configuration && error?.found == "tcp://127.0.0.1:65535 for both")
    }

    @Test(
        "misspelt keys and values out of range are refused, naming them",
        arguments: [
            ("state: /s\nleese_seconds: 3\n", "c.yaml:2: leese_seconds"),
            ("state: /s\nlease_seconds: 0.5\n", "c.yaml:2: lease_seconds"),
            ("control: tcp://127.0.0.1:1\n", "c.yaml:1"),
        ])
    func badCoordinator(yaml: String, place: String) throws {
        let document = try Document(yaml: yaml, file: "c.yaml")
        #expect(#expect(throws: InputError.self) { try CoordinatorConfig(document) }?.place == place)
    }

    @Test(
        "a worker's bad keys are refused, naming them",
        arguments: [
            ("model_roots: []\n", "w.yaml:1: model_roots"),
            ("model_roots: [/m]\nthreads: 0\n", "w.yaml:2: threads"),
            ("model_roots: [/m]\nmemory: 4\n", "w.yaml:2: memory"),
            ("model_roots: [/m]\nmemory: lots\n", "w.yaml:2: memory"),
            ("model_roots: [/m]\ndrain_signal: KILL\n", "w.yaml:2: drain_signal"),
            ("model_roots: [/m]\nname: x\n", "w.yaml:2: name"),
        ])
    func badWorker(yaml: String, place: String) throws {
        let document = try Document(yaml: yaml, file: "w.yaml")
        #expect(#expect(throws: InputError.self) { try WorkerConfig(document) }?.place == place)
    }
}

@Suite struct ModelRootsTests {
    let folder: TemporaryFolder
    let roots: ModelRoots

    init() throws {
        folder = try TemporaryFolder()
        let files = FileManager.default
        for path in ["models/base", "models-secret", "elsewhere"] {
            try files.createDirectory(atPath: "\(folder.path)/\(path)", withIntermediateDirectories: true)
        }
        let links = [("models/inside", "models/base"), ("models/outside", "elsewhere"), ("way-in", "models/base")]
        for (link, target) in links {
            try files.createSymbolicLink(
                atPath: "\(folder.path)/\(link)", withDestinationPath: "\(folder.path)/\(target)")
        }
        roots = try ModelRoots([folder.path + "/models"])
    }

    @Test("paths that lead below a root are resolved", arguments: ["models", "models/base", "models/inside", "way-in"])
    func inside(path: String) throws {
        let resolved = try roots.resolve("\(folder.path)/\(path)")
        #expect(resolved.hasSuffix(path == "models" ? "/models" : "/models/base"))
    }

    @Test(
        "paths that lead elsewhere are refused, naming the roots",
        arguments: [
            "models/outside", "models/../elsewhere", "models-secret", "elsewhere", "models/base/../../elsewhere",
        ])
    func outside(path: String) {
        let error = #expect(throws: InputError.self) { try roots.resolve("\(folder.path)/\(path)") }
        #expect(error?.place == "\(folder.path)/\(path)" && error?.kind == .configuration)
        #expect(error?.expected == "a path below one of the worker's model roots (\(roots.folders[0]))")
    }

    @Test("relative and missing paths are refused")
    func missing() {
        #expect(#expect(throws: InputError.self) { try roots.resolve("models/base") }?.found == "a relative one")
        let error = #expect(throws: InputError.self) { try roots.resolve(folder.path + "/models/none") }
        #expect(error?.found == "No such file or directory")
        #expect(#expect(throws: InputError.self) { try ModelRoots(["/none"]) }?.place == "/none")
    }

    @Test("amounts of memory are read with their units")
    func memorySizes() throws {
        let texts = ["4GiB", "4G", "4096MiB", "0.5T", "1.5K", "700B", "1TiB"]
        let bytes = [1 << 32, 1 << 32, 1 << 32, 1 << 39, 1536, 700, 1 << 40]
        #expect(texts.map { MemorySize($0)?.bytes } == bytes)
        for size in bytes { #expect(MemorySize(MemorySize(bytes: size).description)?.bytes == size) }
        for text in [
            "", "4", "GiB", "-4G", "4GB", "4 G", "4g", "0G", "0.1B", "1e3G", "nanG", "4Gi", "4GiBs", "1..2G", "2048T",
        ] {
            #expect(MemorySize(text) == nil, "\(text)")
        }
        let yaml = try Document(yaml: "model_roots: [/m]\nmemory: 1.5GiB\n", file: "w.yaml")
        #expect(try WorkerConfig(yaml).memory?.bytes == 3 << 29)
    }

    @Test("lifetimes are read with their units, and as what is left of a Slurm job")
    func lifetimes() throws {
        #expect(["90", "90s", "1.5m", "2h", "1d"].map { Lifetime($0)?.seconds } == [90, 90, 90, 7200, 86_400])
        for text in ["", "m", "-1h", "0", "nan", "inf", "1w", "5 m"] { #expect(Lifetime(text) == nil, "\(text)") }
        #expect(try Lifetime(slurm: ["SLURM_JOB_END_TIME": "1700000100"], now: 1_700_000_000)?.seconds == 100)
        #expect(try Lifetime(slurm: ["SLURM_JOB_END_TIME": "1"], now: 1_700_000_000)?.seconds == 0)
        #expect(try Lifetime(slurm: [:]) == nil)
        let error = #expect(throws: InputError.self) { try Lifetime(slurm: ["SLURM_JOB_END_TIME": "soon"]) }
        #expect(error?.place == "SLURM_JOB_END_TIME" && error?.found == "soon")
    }
}
