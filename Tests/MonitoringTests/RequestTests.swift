import Foundation
import Testing

@testable import Monitoring

/// What the status pages make of requests that a browser would not send.
@Suite struct RequestTests {
    /// The answer to some bytes, and nothing after them.
    private func answer(to text: String) throws -> String {
        let address = try #require(HTTPAddress("127.0.0.1:0"))
        let content = StatusServer.Content(heartbeat: Heartbeat(limit: 1000), metrics: { "" }, page: { _ in nil })
        let server = try StatusServer(address, content: content)
        defer { server.stop() }
        let client = try Client(server.address)
        client.send(text)
        client.endSending()
        return try #require(client.readAll())
    }

    @Test(arguments: [
        ("GET /\r\n\r\n", "505 HTTP Version Not Supported"),
        ("GET / HTTP/2.0\r\n\r\n", "505 HTTP Version Not Supported"),
        ("get / HTTP/1.1\r\nHost: localhost\r\n\r\n", "400 Bad Request"),
        ("GET /\u{1} HTTP/1.1\r\nHost: localhost\r\n\r\n", "400 Bad Request"),
        ("GET x HTTP/1.1\r\nHost: localhost\r\n\r\n", "400 Bad Request"),
        ("GET http://localhost/metrics HTTP/1.1\r\nHost: localhost\r\n\r\n", "400 Bad Request"),
        ("GET / HTTP/1.1\r\n\r\n", "400 Bad Request"),
        ("GET / HTTP/1.1\r\nHost: localhost\r\nHOST: b\r\n\r\n", "400 Bad Request"),
        ("GET / HTTP/1.1\r\nHost : localhost\r\n\r\n", "400 Bad Request"),
        ("GET / HTTP/1.1\r\nHost: localhost\r\n: a\r\n\r\n", "400 Bad Request"),
        ("GET / HTTP/1.1\r\nHost: localhost\r\nContent-Length: -1\r\n\r\n", "400 Bad Request"),
        ("\u{16}\u{3}\u{1}\u{2}\0\u{1}\r\n\r\n", "400 Bad Request"),
        ("GET / HTTP/1.1\nHost: localhost\n\n", "400 Bad Request"),
        ("GET / HTTP/1.1\r\nHost: localhost\r\n folded\r\n\r\n", "400 Bad Request"),
        ("GET / HTTP/1.1\r\nHost: localhost\r\nA: b\rc\r\n\r\n", "400 Bad Request"),
        ("GET / HTTP/1.1\r\nHost: localhost\r\nA\r\n\r\n", "400 Bad Request"),
        ("GET  / HTTP/1.1\r\nHost: localhost\r\n\r\n", "400 Bad Request"),
        ("GET / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1\r\ncontent-length: 1\r\n\r\n", "400 Bad Request"),
        ("\r\nGET / HTTP/1.1\r\nHost: localhost\r\n\r\n", "400 Bad Request"),
        ("GET / HTTP/1.2\r\nHost: localhost\r\n\r\n", "505 HTTP Version Not Supported"),
        ("PUT /metrics HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n", "405 Method Not Allowed"),
    ])
    func whatIsNoRequestIsRefused(_ text: String, _ status: String) throws {
        let answer = try answer(to: text)
        #expect(answer.hasPrefix("HTTP/1.1 \(status)\r\n"), "\(answer)")
        #expect(answer.contains("\"expected\":"), "\(answer)")
    }

    @Test func theFirstVersionNeedsNoHost() throws {
        #expect(try answer(to: "GET /metrics HTTP/1.0\r\n\r\n").hasPrefix("HTTP/1.1 200 OK\r\n"))
    }

    @Test func aConnectionCarriesOneRequest() throws {
        let request = "GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n"
        #expect(try answer(to: request + request).components(separatedBy: "HTTP/1.1 200 OK").count == 2)
    }

    @Test func sizesAreBounded() throws {
        let line = "GET /metrics HTTP/1.1\r\nHost: localhost\r\n"
        let field = "A: b\r\n"
        let many = String(repeating: field, count: 64)
        let long = "A: " + String(repeating: "x", count: 4097) + "\r\n"
        let together = String(repeating: "A: " + String(repeating: "x", count: 3000) + "\r\n", count: 3)
        for fields in [many, long, together] {
            let answer = try answer(to: line + fields + "\r\n")
            #expect(answer.hasPrefix("HTTP/1.1 431 Request Header Fields Too Large\r\n"), "\(answer)")
            #expect(answer.contains("at most 4096 bytes in a line, 8192 bytes and 64 fields"))
        }
        #expect(try answer(to: line + many.dropFirst(field.count) + "\r\n").hasPrefix("HTTP/1.1 200 OK\r\n"))
        let path = "GET /\(String(repeating: "x", count: 100_000)) HTTP/1.1\r\nHost: localhost\r\n\r\n"
        #expect(try answer(to: path).hasPrefix("HTTP/1.1 431 "))
    }

    @Test func aHeadReadsTheSameInPiecesOfAnySize() throws {
        let text =
            "HEAD /a?b=c HTTP/1.1\r\nX-Name: \u{E4}\t \r\nHOST: \t127.0.0.1:1 \r\nhost:\r\n\r\nGET / HTTP/1.1\r\n"
        let bytes = Array(text.utf8)
        for size in 1...bytes.count {
            var reader = RequestReader()
            var head: RequestHead?
            for first in stride(from: 0, to: bytes.count, by: size) where head == nil {
                head = try reader.take(bytes[first..<min(first + size, bytes.count)])
            }
            let read = try #require(head)
            #expect(read.method == "HEAD" && read.target == "/a?b=c" && read.minorVersion == 1, "\(size)")
            #expect(read.hosts == ["127.0.0.1:1", ""], "\(size)")
        }
    }
}
