import Glibc

/// Lets so many connections through a listening socket and no more. Those that are there go on; the others' requests to
/// connect go unanswered, and come again.
///
/// libzmq lets in whoever comes. Where strangers have taken the last descriptor of the process, it tries again without a
/// pause, and neither the list of keys nor the store can be opened any more. So the kernel is told to drop such requests
/// before libzmq sees them; closing the socket instead would end all connections that came through it.
struct Door {
    /// How long it stays shut at least.
    private static let pause = Duration.milliseconds(250)

    /// Connections that may be there at a time.
    let most: Int
    private var listener: Int32?
    private var connections: Set<Int32> = []
    /// When to look whether there is room again; nil while it is open.
    private(set) var lookAt: ContinuousClock.Instant?

    init(most: Int) {
        self.most = most
    }

    /// Takes what became of a connection; how many there are, where it was shut just now.
    mutating func note(_ event: ConnectionEvent) -> Int? {
        switch event {
        case .listening(let descriptor): listener = descriptor
        case .accepted(let descriptor): connections.insert(descriptor)
        case .ended(let descriptor): connections.remove(descriptor)
        case .ready, .retrying, .handshakeFailed: break
        }
        guard lookAt == nil, connections.count >= most, let listener, Self.shut(listener) else { return nil }
        lookAt = .now + Self.pause
        return connections.count
    }

    /// Opens it again once there is room.
    mutating func openIfDue() {
        guard let at = lookAt, at <= .now, let listener else { return }
        // No connection may count for ever because nobody said that it has ended.
        connections = connections.filter { fcntl($0, F_GETFD) >= 0 }
        let isToOpen = connections.count < most && Self.open(listener)
        lookAt = isToOpen ? nil : .now + Self.pause
    }

    /// One instruction of the kernel's packet filters: "return 0", so that nothing passes. See socket(7).
    private struct Instruction {
        var code: UInt16 = 0x06
        var ifTrue: UInt8 = 0
        var ifFalse: UInt8 = 0
        var value: UInt32 = 0
    }

    private struct Program {
        var length: UInt16
        var instructions: UnsafePointer<Instruction>
    }

    private static let (attach, detach): (Int32, Int32) = (26, 27)

    private static func shut(_ listener: Int32) -> Bool {
        withUnsafePointer(to: Instruction()) { instruction in
            let program = Program(length: 1, instructions: instruction)
            return withUnsafeBytes(of: program) {
                setsockopt(listener, SOL_SOCKET, attach, $0.baseAddress, socklen_t($0.count)) == 0
            }
        }
    }

    private static func open(_ listener: Int32) -> Bool {
        var nothing: Int32 = 0
        return setsockopt(listener, SOL_SOCKET, detach, &nothing, socklen_t(MemoryLayout<Int32>.size)) == 0
    }
}

/// How the descriptors of a coordinator are divided.
package struct DescriptorShare {
    /// Connections of each of the two sockets.
    let connections: Int
    /// Connections that may wait to be accepted: even where all of them are let in at once, some descriptors are left for
    /// files.
    let backlog: Int32

    /// What stays for everything else at least: sockets and files of the process itself, status pages, and the processes
    /// that plan and fold. Where none is left, libdispatch ends the process as soon as it looks at its own threads.
    private static let fewestKept = 128
    /// With fewer descriptors a coordinator cannot be sure of its own.
    package static let fewest = 2 * fewestKept

    /// Of so many descriptors in all, a quarter stays for files, 128 at least and 2,048 at most.
    init(of limit: Int) {
        let kept = max(Self.fewestKept, min(limit / 4, 2048))
        connections = max(1, (limit - kept) / 2)
        backlog = Int32(min(1024, kept / 8))
    }

    /// Of those that this process may have.
    init() {
        var limit = rlimit()
        let isKnown = getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0
        self.init(of: isKnown ? Int(min(limit.rlim_cur, 1 << 30)) : 1024)
    }
}
