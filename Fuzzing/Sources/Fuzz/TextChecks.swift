import Inputs
@testable import Latents
@testable import Monitoring
@testable import Prompts
import TestSupport
@testable import Wire

/// What operators, browsers and the file system hand in: files of keys, job files, names, requests for pages and
/// snapshots of folds.
enum TextChecks {
    /// The first byte chooses the decoder.
    static func check(_ input: [UInt8]) -> CInt {
        guard let choice = input.first else { return 0 }
        let bytes = Array(input.dropFirst())
        switch choice % 7 {
        case 0: allowedKeys(bytes)
        case 1: secretKey(bytes)
        case 2: coordinatorKey(bytes)
        case 3: words(bytes)
        case 4: job(bytes)
        case 5: foldSnapshot(bytes)
        default: request(bytes)
        }
        return 0
    }

    private static func allowedKeys(_ bytes: [UInt8]) {
        guard let list = try? AllowedKeys(at: file.holding(bytes)) else { return }
        let lines = list.principals.values.map { KeyFiles.publicLine(of: $0.key, role: $0.role, name: $0.name) }
        let again = must("second reading") { try AllowedKeys(at: file.holding(Array(lines.joined().utf8))) }
        demand(again.principals == list.principals, "another list comes back")
    }

    private static func secretKey(_ bytes: [UInt8]) {
        guard let key = try? KeyFiles.secret(at: file.holding(bytes)) else { return }
        let line = KeyLine.text(tag: KeyLine.secretTag, role: .worker, name: "w", key: key.text)
        let again = must("second reading") { try KeyFiles.secret(at: file.holding(Array(line.utf8))) }
        demand(again == key, "another key comes back")
    }

    private static func coordinatorKey(_ bytes: [UInt8]) {
        guard let key = try? KeyFiles.coordinator(at: file.holding(bytes)) else { return }
        let line = KeyFiles.publicLine(of: key, role: .coordinator, name: "c")
        let again = must("second reading") { try KeyFiles.coordinator(at: file.holding(Array(line.utf8))) }
        demand(again == key, "another key comes back")
    }

    /// Names and endpoints that come as text.
    private static func words(_ bytes: [UInt8]) {
        let text = String(decoding: bytes, as: UTF8.self)
        if let key = PublicKey(text) { demand(Array(key.text.utf8) == bytes, "a key has two texts") }
        if let job = JobID(text) { demand(Array(job.text.utf8) == bytes, "a job has two names") }
        if let instance = InstanceID(text) { demand(InstanceID(instance.description) == instance, "two instances") }
        try? Endpoints(control: text, data: text).check(hasKeys: bytes.count % 2 == 0, place: "endpoint")
    }

    private static func job(_ bytes: [UInt8]) {
        _ = try? JobSpec(yaml: String(decoding: bytes, as: UTF8.self), file: "job.yaml", relativeTo: "/jobs")
    }

    /// With the digest that a snapshot ends with: few inputs would have the right one.
    private static func foldSnapshot(_ bytes: [UInt8]) {
        let sealed = bytes + Digest(of: bytes).bytes
        guard let reducer = try? fold.reducer(sealed) else { return }
        demand(must("snapshot") { try reducer.snapshot() } == sealed, "a fold has two snapshots")
    }

    /// A request says the same however the network cuts it into pieces, and what is kept of it is bounded.
    private static func request(_ bytes: [UInt8]) {
        var (whole, pieces) = (RequestReader(), RequestReader())
        let once = Result { () throws(StatusProblem) in try whole.take(bytes) }
        let again = Result { () throws(StatusProblem) -> RequestHead? in
            for byte in bytes { if let head = try pieces.take([byte]) { return head } }
            return nil
        }
        demand(once == again, "a request in pieces is another")
        guard case .success(let head?) = once else { return }
        demand(head.hosts.count <= RequestReader.mostFields, "too many fields")
        demand(head.target.utf8.count <= RequestReader.mostLineBytes, "too long a line")
    }

    static let fold = must("fold") { try SmallFold() }
    private static let file = must("file in memory") { try MemoryFile() }
}

/// A job of two shards whose fold has few bytes.
struct SmallFold {
    static let spec = """
        name: small
        base: base
        tuned: [{name: tuned, adapter: adapter}, {name: other, checkpoint: other, control: true}]
        prompts: {path: prompts.jsonl, chat_template: none, add_generation_prompt: false}
        hooks: [{layer: 3, site: resid_post, sae: sae}]
        masks: [all, last]
        skip_first: 0
        shard_tokens: 4
        rank: {by: delta, top: 3}
        seed: 7
        permutations: 20
        verify: 0.1
        """

    private let spec: JobSpec
    private let task: DiffTask
    private let prompts: TokenizedPrompts

    init() throws {
        spec = try JobSpec(yaml: Self.spec, file: "job.yaml", relativeTo: "/jobs")
        let input = DiffTask.Input(path: "/models", digest: Digest(of: "models"))
        task = DiffTask(
            base: input, tuned: spec.tuned.map { DiffTask.Tuned(name: $0.name, form: $0.form, input: input) },
            hooks: spec.hooks.map { DiffTask.Hook(point: $0.point, dictionary: input, latents: 5) },
            masks: spec.masks)
        prompts = TokenizedPrompts(
            ids: ["a", "b", "c"],
            prompts: (0..<3).map { PromptTokens(index: $0, ids: [1, 2], masks: [1, 3]) }, masks: spec.masks)
    }

    /// A fold that has begun, or goes on from a snapshot.
    func reducer(_ snapshot: [UInt8]? = nil) throws -> Reducer {
        try snapshot.map { try Reducer(spec: spec, task: task, prompts: prompts, snapshot: $0) }
            ?? Reducer(spec: spec, task: task, prompts: prompts)
    }

    /// The snapshots of a fold before the first shard, after it, and at the end.
    func snapshots() throws -> [[UInt8]] {
        var reducer = try reducer()
        var snapshots = [try reducer.snapshot()]
        var samples = Samples(seed: 3)
        for work in ShardPlan(lengths: prompts.prompts.map(\.ids.count), shardTokens: spec.shardTokens).work(prompts) {
            try reducer.fold(samples.result(task, work))
            snapshots.append(try reducer.snapshot())
        }
        return snapshots
    }
}
