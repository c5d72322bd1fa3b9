import Foundation
import Inputs
import Testing
@testable import Wire

/// More who want to come in than there is room for.
@Suite("Crowds", .timeLimit(.minutes(3)))
struct CrowdTests {
    /// A connection of somebody who says nothing; it begins at once and is there later.
    private final class Silent {
        let descriptor: Int32

        init(to endpoint: String) throws {
            let colon = try #require(endpoint.lastIndex(of: ":"))
            let port = try #require(UInt16(endpoint[endpoint.index(after: colon)...]))
            descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_NONBLOCK.rawValue), 0)
            var address = sockaddr_in()
            address.sin_family = sa_family_t(AF_INET)
            address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
            address.sin_port = port.bigEndian
            _ = withUnsafePointer(to: &address) {
                $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
                }
            }
        }

        func isThere(within milliseconds: Int32) -> Bool {
            var item = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
            return poll(&item, 1, milliseconds) == 1 && item.revents & Int16(POLLERR | POLLHUP) == 0
        }

        deinit { close(descriptor) }
    }

    private func hello(_ number: UInt64) -> MessageToCoordinator {
        .hello(
            WorkerHello(
                build: "b", instance: InstanceID(high: 1, low: number), host: "h", processID: 1, numberSystem: "i",
                threads: 1, slurmJob: nil, held: []))
    }

    @Test("So many connections and no more: those who are there go on, others come in when some have gone")
    func full() throws {
        var options = SocketOptions()
        options.mostConnections = 5
        let coordinator = try GuardedRouter(nil, options: options)
        defer { coordinator.router.stop() }
        let control = coordinator.router.endpoints.control
        let worker = try GuardedWorker(coordinator.router.endpoints, nil)
        defer { worker.dealer.stop() }
        try worker.dealer.send(hello(1))
        #expect(try coordinator.message().message == hello(1))

        var strangers = try (0..<4).map { _ in try Silent(to: control) }
        let problems = try coordinator.problems(1)
        #expect(problems == [.crowded(.control, connections: 5, count: 1)])
        let late = try Silent(to: control)
        #expect(!late.isThere(within: 500))
        try worker.dealer.send(hello(2))
        #expect(try coordinator.message().message == hello(2), "those who are there are served")

        withExtendedLifetime(strangers) {}
        strangers = []
        #expect(late.isThere(within: 30_000))
        #expect(strangers.isEmpty)
        try worker.dealer.send(hello(3))
        #expect(try coordinator.message().message == hello(3))
        withExtendedLifetime(late) {}
    }

    @Test("Descriptors for files are left, however few or many there are")
    func shares() {
        for limit in [DescriptorShare.fewest, 300, 1024, 4096, 65_536, 1 << 20, 1 << 30] {
            let share = DescriptorShare(of: limit)
            let kept = limit - 2 * share.connections
            #expect(kept >= min(limit / 4, 2048) && kept >= 128)
            // Both queues may be let in after the doors are shut.
            #expect(kept - 2 * Int(share.backlog) >= kept / 2 - 1)
            #expect(share.connections >= 24 && share.backlog >= 1)
        }
    }
}
