import Foundation
import Glibc
import Synchronization
import Testing

@testable import Monitoring

@Suite struct StatusServerTests {
    private func serve(
        heartbeat: Heartbeat = Heartbeat(limit: 1000), limits: StatusServer.Limits = StatusServer.Limits(),
        metrics: @escaping @Sendable () -> String = { "a_total 1\n" }
    ) throws -> StatusServer {
        let address = try #require(HTTPAddress("127.0.0.1:0"))
        let content = StatusServer.Content(heartbeat: heartbeat, metrics: metrics) { path in
            switch path {
            case ["jobs"]: return Array("{\"jobs\":[]}".utf8)
            case ["jobs", "broken"]: throw CocoaError(.fileReadUnknown)
            case ["jobs", "x"]:
                throw StatusProblem(.notFound, "job x", expected: "a job of this coordinator", found: "\"none\"")
            default: return nil
            }
        }
        return try StatusServer(address, content: content, limits: limits)
    }

    private func get(_ path: String, _ server: StatusServer, method: String = "GET", more: String = "") throws -> String
    {
        let client = try Client(server.address)
        client.send("\(method) \(path) HTTP/1.1\r\nHost: localhost\r\n\(more)\r\n")
        return try #require(client.readAll())
    }

    @Test func everyPageHasItsTypeAndLength() throws {
        let server = try serve()
        defer { server.stop() }
        #expect(
            try get("/metrics", server)
                == "HTTP/1.1 200 OK\r\nContent-Type: text/plain; version=0.0.4; charset=utf-8\r\nContent-Length: 10\r\n"
                + "Cache-Control: no-store\r\nX-Content-Type-Options: nosniff\r\nConnection: close\r\n\r\na_total 1\n")
        #expect(try get("/healthz", server).hasSuffix("\r\n\r\nok\n"))
        let jobs = try get("/api/v1/jobs?all=1", server)
        #expect(jobs.contains("\r\nContent-Type: application/json\r\n") && jobs.hasSuffix("\r\n\r\n{\"jobs\":[]}"))
        let head = try get("/healthz", server, method: "HEAD")
        #expect(head.contains("\r\nContent-Length: 3\r\n") && head.hasSuffix("\r\n\r\n"))
    }

    @Test func problemsComeAsJSON() throws {
        let server = try serve()
        defer { server.stop() }
        for path in ["/", "/metrics/", "/api/v1", "/api/v1/", "/api/v1/nothing", "/api/v2/jobs", "//healthz"] {
            let text = try get(path, server)
            #expect(text.hasPrefix("HTTP/1.1 404 Not Found\r\n"), "\(text)")
            #expect(text.hasSuffix("\"found\":\"no such page\",\"place\":\"\(path)\"}}\n"), "\(text)")
        }
        #expect(
            try get("/api/v1/jobs/x", server).hasSuffix(
                #"{"error":{"expected":"a job of this coordinator","found":"\"none\"","place":"job x"}}"# + "\n"))
        #expect(try get("/api/v1/jobs/broken", server).hasPrefix("HTTP/1.1 500 Internal Server Error\r\n"))
        let post = try get("/metrics", server, method: "POST", more: "Content-Length: 3\r\n")
        #expect(post.hasPrefix("HTTP/1.1 405 Method Not Allowed\r\n") && post.contains("\r\nAllow: GET, HEAD\r\n"))
        #expect(post.hasSuffix(#"{"error":{"expected":"GET","found":"POST","place":"/metrics"}}"# + "\n"))
    }

    @Test func aNameThatIsNotThisMachinesIsRefusedOnLoopback() throws {
        let server = try serve()
        defer { server.stop() }
        let client = try Client(server.address)
        client.send("GET /api/v1/jobs HTTP/1.1\r\nHost: evil.example:5613\r\n\r\n")
        let text = try #require(client.readAll())
        #expect(text.hasPrefix("HTTP/1.1 421 Misdirected Request\r\n"))
        #expect(text.contains("\"found\":\"evil.example:5613\""))
    }

    @Test func healthIsThatOfTheLoopThatBeats() throws {
        let stuck = Heartbeat(limit: -1)
        let server = try serve(heartbeat: stuck)
        defer { server.stop() }
        stuck.beat()
        let text = try get("/healthz", server)
        #expect(text.hasPrefix("HTTP/1.1 503 Service Unavailable\r\n"))
        #expect(text.contains("\"expected\":\"a sign of life in the last -1.0 seconds\""))
    }

    @Test func anAnswerToARefusedBodyArrivesAlthoughTheBodyIsNotRead() throws {
        let server = try serve()
        defer { server.stop() }
        let client = try Client(server.address)
        client.send("POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 40000\r\n\r\n")
        client.send(String(repeating: "x", count: 40_000))
        #expect(client.readAll()?.hasPrefix("HTTP/1.1 405 ") == true)
    }

    @Test func aLargeAnswerReachesASlowReaderWhole() throws {
        let server = try serve(metrics: { String(repeating: "0123456789", count: 2_000_000) })
        defer { server.stop() }
        let slow = try Client(server.address)
        slow.send("GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n")
        // Whoever does not read holds up nobody.
        #expect(try get("/healthz", server).hasSuffix("ok\n"))
        #expect(slow.readAll()?.utf8.count ?? 0 > 20_000_000)
    }

    @Test func aClientThatDoesNotGetOnIsCutOff() throws {
        let server = try serve(limits: StatusServer.Limits(patience: .milliseconds(50)))
        defer { server.stop() }
        let client = try Client(server.address)
        client.send("GET /metrics HTTP/1.1\r\nHost: loc")
        #expect(client.readAll() == "")
    }

    @Test func theOldestClientGivesWay() throws {
        let server = try serve(limits: StatusServer.Limits(connections: 4))
        defer { server.stop() }
        let idle = try (0..<4).map { _ in try Client(server.address) }
        #expect(try get("/healthz", server).hasSuffix("ok\n"))
        #expect(idle[0].readAll() == "")
    }

    @Test func anAddressThatIsTakenIsNamed() throws {
        let server = try serve()
        defer { server.stop() }
        let content = StatusServer.Content(heartbeat: Heartbeat(limit: 1), metrics: { "" }, page: { _ in nil })
        let error = #expect(throws: ListenError.self) {
            try StatusServer(server.address, content: content)
        }
        #expect(
            error.map { "\($0)" }
                == "http: \(server.address): expected an address and port of this machine that are free, "
                + "found Address already in use")
    }

    @Test func stoppingFreesTheAddress() throws {
        let first = try serve()
        let waiting = try Client(first.address)
        first.stop()
        first.stop()
        #expect(waiting.readAll() ?? "" == "")
        let content = StatusServer.Content(heartbeat: Heartbeat(limit: 1), metrics: { "" }, page: { _ in nil })
        // Often, as a port that is freed a moment after stopping is free already most of the time.
        for _ in 0..<200 { try StatusServer(first.address, content: content).stop() }
    }
}
