import Foundation
import Glibc
import Synchronization
import Testing

/// Somebody between a client and a coordinator: passes bytes on, keeps those of the clients, and changes or adds some.
final class Tap: Sendable {
    let endpoint: String
    private let target: UInt16
    private let listener: Int32
    private let recorded = Mutex<[UInt8]>([])
    private let change = Mutex<(@Sendable ([UInt8]) -> [UInt8])?>(nil)
    private let answerChange = Mutex<(@Sendable ([UInt8]) -> [UInt8])?>(nil)

    /// Listens on a port of its own; `target` is the endpoint behind it.
    init(before target: String) throws {
        self.target = try #require(UInt16(target.split(separator: ":").last ?? ""))
        listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let listener = listener
        let address = Self.with(port: 0) { address in
            bind(listener, address, size) == 0 && listen(listener, 8) == 0 && getsockname(listener, address, &size) == 0
        }
        endpoint = "tcp://127.0.0.1:\(try #require(address))"
        Thread { [weak self] in
            while true {
                let client = accept(listener, nil, nil)
                guard client >= 0, let self else { return }
                self.join(client)
            }
        }.start()
    }

    deinit {
        shutdown(listener, Int32(SHUT_RDWR))
        close(listener)
    }

    /// What clients have sent so far, in order.
    var bytes: [UInt8] { recorded.withLock { $0 } }

    /// Changes the next bytes that a client sends, once.
    func changeNext(_ body: @escaping @Sendable ([UInt8]) -> [UInt8]) {
        change.withLock { $0 = body }
    }

    /// Changes the next bytes that a client is sent, once.
    func changeNextAnswer(_ body: @escaping @Sendable ([UInt8]) -> [UInt8]) {
        answerChange.withLock { $0 = body }
    }

    /// Opens a connection to the port of an endpoint; nil where nobody listens.
    static func connect(to port: UInt16) -> Int32? {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        let size = socklen_t(MemoryLayout<sockaddr_in>.size)
        if with(port: port, { Glibc.connect(descriptor, $0, size) == 0 }) != nil { return descriptor }
        close(descriptor)
        return nil
    }

    private static func with(port: UInt16, _ body: (UnsafeMutablePointer<sockaddr>) -> Bool) -> UInt16? {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        address.sin_port = port.bigEndian
        let isDone = withUnsafeMutablePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1, body)
        }
        return isDone ? UInt16(bigEndian: address.sin_port) : nil
    }

    private func join(_ client: Int32) {
        guard let server = Self.connect(to: target) else {
            close(client)
            return
        }
        Thread { [self] in
            Self.pump(from: client, to: server) { bytes in
                let body = change.withLock { change in
                    defer { change = nil }
                    return change
                }
                let changed = body?(bytes) ?? bytes
                recorded.withLock { $0 += changed }
                return changed
            }
        }.start()
        Thread { [self] in
            Self.pump(from: server, to: client) { bytes in
                let body = answerChange.withLock { change in
                    defer { change = nil }
                    return change
                }
                return body?(bytes) ?? bytes
            }
            close(client)
            close(server)
        }.start()
    }

    private static func pump(from source: Int32, to target: Int32, _ body: ([UInt8]) -> [UInt8]) {
        var buffer = [UInt8](repeating: 0, count: 64 << 10)
        while true {
            let count = read(source, &buffer, buffer.count)
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { break }
            var rest = body(Array(buffer[..<count]))[...]
            while !rest.isEmpty {
                let sent = rest.withUnsafeBytes { send(target, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
                guard sent > 0 else { break }
                rest = rest.dropFirst(sent)
            }
        }
        shutdown(source, Int32(SHUT_RDWR))
        shutdown(target, Int32(SHUT_RDWR))
    }
}
