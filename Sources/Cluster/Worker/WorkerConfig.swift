import Compute
import Foundation
import Inputs
import Wire

/// How a worker is set up; `configs/worker.yaml` explains every key.
public struct WorkerConfig: Sendable, Hashable {
    /// Where the coordinator is.
    public var coordinator = CoordinatorConfig.defaultEndpoints
    /// The file of its secret key, and the coordinator's public key or its file, where they are named.
    public var keyFile: String?
    public var serverKey: String?
    /// The keys themselves; without them the coordinator must be on loopback.
    public var keys: ClientKeys?
    /// The folders below which models may be opened.
    public var modelRoots: [String]
    /// Threads to compute with.
    public var threads: Int
    /// The memory that it may take; nil for a share of what there is.
    public var memory: MemorySize?
    /// How long it may live, where it was told.
    public var lifetime: Lifetime?
    /// The signal besides SIGTERM and SIGINT that asks the worker to drain.
    public var drainSignal = DrainSignal.usr2

    /// The defaults.
    public init(modelRoots: [String], threads: Int = ProcessorSet.availableCount) {
        self.modelRoots = modelRoots
        self.threads = threads
    }

    /// Reads a configuration file. Throws `InputError` with file, line and key.
    public init(_ document: Document) throws {
        try document.refuseKeys(outside: [
            "connect", "data", "key", "server_key", "model_roots", "threads", "memory", "lifetime", "drain_signal",
        ])
        let roots = try document.required("model_roots")
        self.init(modelRoots: try roots.list().map { try $0.string() })
        guard !modelRoots.isEmpty else { throw roots.error(expected: "at least one folder") }
        if let control = try document.optional("connect") { coordinator = Endpoints(control: try control.string()) }
        if let data = try document.optional("data") { coordinator.data = try data.string() }
        keyFile = try document.optional("key")?.string()
        serverKey = try document.optional("server_key")?.string()
        if let threads = try document.optional("threads") { self.threads = try threads.integer(atLeast: 1) }
        if let memory = try document.optional("memory") { self.memory = try MemorySize(memory) }
        if let text = try document.optional("lifetime") {
            guard let lifetime = Lifetime(try text.string()) else { throw text.error(expected: "such as 55m or 4h") }
            self.lifetime = lifetime
        }
        if let signal = try document.optional("drain_signal") {
            drainSignal = try DrainSignal(signal)
        }
    }
}
