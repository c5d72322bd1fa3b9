import Inputs
import Wire

/// What the coordinator knows about a worker besides its leases: where to reach it, and what it may send.
struct WorkerConnection {
    /// Bytes that a worker may send before there is room for the whole result.
    static let openingBytes = 64 << 10

    let hello: WorkerHello
    var control: PeerID
    /// Nil where no keys are in use.
    let key: PublicKey?
    var data: PeerID?
    /// Digests of the tasks that the worker has, as it said last.
    var tasks: Set<Digest> = []
    var assembly: ResultAssembly?
    /// Whether there is room for the rest of what is being assembled.
    var isAdmitted = false
    /// Bytes of results that the worker may have under way.
    private let window: Int
    /// Bytes that the worker may still send, as far as it knows.
    private var allowance = 0

    init(hello: WorkerHello, control: PeerID, key: PublicKey?, window: Int) {
        self.key = key
        self.window = window
        self.hello = hello
        self.control = control
    }

    /// The worker's name in logs and tables.
    var name: String { "\(hello.host):\(hello.processID)" }

    /// The author of what the worker computes.
    var author: Author { Author(hello.instance, key: key, name: name) }

    /// Starts over on a data connection; returns the credit to grant.
    mutating func attach(_ peer: PeerID) -> Int {
        data = peer
        assembly = nil
        isAdmitted = false
        allowance = Self.openingBytes
        return allowance
    }

    /// Whether a piece of that size is within the credit. One more window is allowed, because credit from before a new greeting
    /// may still be used.
    func mayHaveSent(_ bytes: Int) -> Bool { bytes <= allowance + window }

    /// Notes a piece that has come.
    mutating func consume(_ bytes: Int) { allowance -= bytes }

    /// The credit to grant now, if it is worth a message: for the rest of the result where there is room for it, and for
    /// the beginning of the next.
    mutating func credit() -> Int? {
        let rest = assembly.map { $0.totalBytes - $0.bytes.count } ?? 0
        let target = assembly == nil ? Self.openingBytes : isAdmitted ? min(window, rest) + Self.openingBytes : 0
        let missing = target - allowance
        guard missing > 0, missing >= Self.openingBytes / 2 || allowance <= 0 else { return nil }
        allowance = target
        return missing
    }
}
