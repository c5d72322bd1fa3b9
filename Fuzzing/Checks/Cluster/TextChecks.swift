import Inputs

@testable import Monitoring
@testable import Wire

/// What operators, browsers and the file system hand in: files of keys, names, requests for pages and
/// snapshots of folds.
struct TextChecks: Checks {
    private let file: MemoryFile
    private let fold: SmallFold

    init() throws {
        file = try MemoryFile()
        fold = try SmallFold()
    }

    /// The first byte chooses the decoder.
    func check(_ input: [UInt8]) throws {
        guard let choice = input.first else { return }
        let bytes = Array(input.dropFirst())
        switch choice % 6 {
        case 0: try allowedKeys(bytes)
        case 1: try secretKey(bytes)
        case 2: try coordinatorKey(bytes)
        case 3: try words(bytes)
        case 4: try foldSnapshot(bytes)
        default: try request(bytes)
        }
    }

    private func allowedKeys(_ bytes: [UInt8]) throws {
        guard let list = try accepted({ try AllowedKeys(at: file.holding(bytes)) }) else { return }
        let lines = list.principals.values.map { KeyFiles.publicLine(of: $0.key, role: $0.role, name: $0.name) }
        let again = try must("second reading") { try AllowedKeys(at: file.holding(Array(lines.joined().utf8))) }
        try demand(again.principals == list.principals, "another list comes back")
    }

    private func secretKey(_ bytes: [UInt8]) throws {
        guard let key = try accepted({ try KeyFiles.secret(at: file.holding(bytes)) }) else { return }
        let line = KeyLine.text(tag: KeyLine.secretTag, role: .worker, name: "w", key: key.text)
        let again = try must("second reading") { try KeyFiles.secret(at: file.holding(Array(line.utf8))) }
        try demand(again == key, "another key comes back")
    }

    private func coordinatorKey(_ bytes: [UInt8]) throws {
        guard let key = try accepted({ try KeyFiles.coordinator(at: file.holding(bytes)) }) else { return }
        let line = KeyFiles.publicLine(of: key, role: .coordinator, name: "c")
        let again = try must("second reading") { try KeyFiles.coordinator(at: file.holding(Array(line.utf8))) }
        try demand(again == key, "another key comes back")
    }

    /// Names and endpoints that come as text.
    private func words(_ bytes: [UInt8]) throws {
        let text = String(decoding: bytes, as: UTF8.self)
        if let key = PublicKey(text) { try demand(Array(key.text.utf8) == bytes, "a key has two texts") }
        if let job = JobID(text) { try demand(Array(job.text.utf8) == bytes, "a job has two names") }
        if let instance = InstanceID(text) { try demand(InstanceID(instance.description) == instance, "two instances") }
        _ = try accepted {
            try Endpoints(control: text, data: text).check(hasKeys: bytes.count % 2 == 0, place: "endpoint")
        }
    }

    /// With the digest that a snapshot ends with: few inputs would have the right one.
    private func foldSnapshot(_ bytes: [UInt8]) throws {
        let sealed = bytes + Digest(of: bytes).bytes
        guard let reducer = try? fold.reducer(sealed) else { return }
        try demand(try must("snapshot") { try reducer.snapshot() } == sealed, "a fold has two snapshots")
    }

    /// A request says the same however the network cuts it into pieces, and what is kept of it is bounded.
    private func request(_ bytes: [UInt8]) throws {
        var (whole, pieces) = (RequestReader(), RequestReader())
        let once = Result { () throws(StatusProblem) in try whole.take(bytes) }
        let again = Result { () throws(StatusProblem) -> RequestHead? in
            for byte in bytes { if let head = try pieces.take([byte]) { return head } }
            return nil
        }
        try demand(once == again, "a request in pieces is another")
        guard case .success(let head?) = once else { return }
        try demand(head.hosts.count <= RequestReader.mostFields, "too many fields")
        try demand(head.target.utf8.count <= RequestReader.mostLineBytes, "too long a line")
    }

    /// In the order of the decoders.
    static func seeds() throws -> [[UInt8]] {
        // Keys that anybody may know: 32 times the same byte.
        let keys = (1...3).compactMap { PublicKey(bytes: [UInt8](repeating: $0, count: 32)) }
        let list = """
            # two of them
            \(KeyFiles.publicLine(of: keys[0], role: .worker, name: "node-7"))
            \(KeyFiles.publicLine(of: keys[1], role: .operator, name: "ada"))
            """
        let secret = "# secret\n" + KeyLine.text(tag: KeyLine.secretTag, role: .worker, name: "w", key: keys[2].text)
        let coordinator = KeyFiles.publicLine(of: keys[0], role: .coordinator, name: "c")
        let texts = [
            (0, list), (1, secret), (2, coordinator), (3, keys[0].text), (3, "job-1"),
            (3, "\(InstanceID(high: 1, low: 2))"), (3, "tcp://127.0.0.1:5611"), (3, "tcp://[::1]:*"),
            (5, "GET /api/v1/jobs/a?b=c HTTP/1.1\r\nHost: [::1]:5613\r\nContent-Length: 3\r\n\r\nabc"),
            (5, "HEAD / HTTP/1.0\r\nA:\t b \r\n\r\n"),
        ]
        return texts.map { [UInt8($0.0)] + Array($0.1.utf8) }
            + (try SmallFold().snapshots().map { [4] + $0.dropLast(32) })
    }
}
