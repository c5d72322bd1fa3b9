import Testing

@testable import Monitoring

@Suite struct RequestHeadTests {
    private func read(_ text: String) -> RequestHead.Outcome { RequestHead.read(Array(text.utf8)) }

    private func problem(_ text: String) -> StatusProblem? {
        if case .refused(let problem) = read(text) { return problem }
        return nil
    }

    @Test func aRequestIsReadHoweverItArrives() {
        let text = "GET /api/v1/jobs?verbose=1 HTTP/1.1\r\nHost: localhost:5613 \r\nAccept: */*\r\n\r\n"
        for end in text.indices { #expect(read(String(text[..<end])) == .incomplete, "\(text[..<end])") }
        #expect(read(text) == .complete(RequestHead(method: "GET", path: "/api/v1/jobs", host: "localhost:5613")))
        #expect(read("HEAD / HTTP/1.0\r\n\r\n") == .complete(RequestHead(method: "HEAD", path: "/")))
        #expect(
            read("GET / HTTP/1.1\r\nhost:\r\nContent-Length: 0\r\n\r\n")
                == .complete(RequestHead(method: "GET", path: "/", host: "")))
    }

    @Test(arguments: [
        ("\r\n", "expected GET /path HTTP/1.1, found an empty line"),
        ("GET /\r\n\r\n", "expected GET /path HTTP/1.1, found 2 words"),
        ("GET  / HTTP/1.1\r\n\r\n", "expected GET /path HTTP/1.1, found 4 words"),
        ("GET /\u{1} HTTP/1.1\r\n\r\n", "letters beyond ASCII"),
        ("GET / HTTP/1.1\nHost: x\n\n", "expected CR LF at the end of each, found LF alone"),
        ("GET x HTTP/1.1\r\n\r\n", "expected a path that begins with /, found x"),
        ("GET / HTTP/1.1\r\n\r\n", "expected a Host field, found none"),
        ("GET / HTTP/1.1\r\nHost: a\r\nHOST: b\r\n\r\n", "the header field host: expected one of it, found two"),
        ("GET / HTTP/1.1\r\nHost : a\r\n\r\n", "a header field: expected NAME: VALUE"),
        ("GET / HTTP/1.1\r\nHost: a\r\n folded\r\n\r\n", "a header field: expected NAME: VALUE"),
        ("GET / HTTP/1.1\r\n: a\r\n\r\n", "a header field: expected NAME: VALUE"),
    ])
    func whatIsNoRequestIsRefused(_ text: String, _ reason: String) throws {
        let problem = try #require(self.problem(text))
        #expect(problem.status == .badRequest)
        #expect("\(problem)".contains(reason), "\(problem)")
    }

    @Test func otherMethodsVersionsAndBodiesAreRefused() {
        #expect(
            problem("POST /metrics HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello")
                == StatusProblem(.methodNotAllowed, "/metrics", expected: "GET", found: "POST"))
        #expect(
            problem("GET / HTTP/2.0\r\n\r\n")
                == StatusProblem(.versionNotSupported, "the request line", expected: "HTTP/1.1", found: "HTTP/2.0"))
        for field in ["Content-Length: 1", "Content-Length: -1", "Transfer-Encoding: chunked"] {
            #expect(problem("GET / HTTP/1.1\r\nHost: a\r\n\(field)\r\n\r\n")?.status == .contentTooLarge)
        }
    }

    @Test func sizesAreBounded() {
        let long = String(repeating: "x", count: RequestHead.mostLineBytes + 1)
        #expect(problem(long)?.status == .targetTooLong)
        #expect(problem("GET /\(long) HTTP/1.1\r\n\r\n")?.status == .targetTooLong)
        let line = "GET / HTTP/1.1\r\n"
        #expect(problem(line + "A: " + String(repeating: long, count: 4))?.status == .headTooLarge)
        #expect(
            problem(line + String(repeating: "A: b\r\n", count: 65) + "\r\n").map { "\($0)" }
                == "the header: expected at most 8192 bytes and 64 fields, found 406 bytes and 65 lines so far")
        let fields = String(repeating: "A: b\r\n", count: 63)
        #expect(
            read(line + "Host: a\r\n" + fields + "\r\n")
                == .complete(RequestHead(method: "GET", path: "/", host: "a")))
    }
}

@Suite struct HTTPAddressTests {
    @Test func addressesAreNumbersWithAPort() {
        #expect(HTTPAddress("127.0.0.1:5613") == .standard)
        #expect(HTTPAddress("localhost:5613") == .standard)
        #expect(HTTPAddress("[::1]:80").map { "\($0) \($0.isLoopback)" } == "[::1]:80 true")
        #expect(HTTPAddress("127.9.0.1:0")?.isLoopback == true)
        for far in ["0.0.0.0:1", "10.0.0.1:1", "[::]:1", "[fe80::1]:1", "128.0.0.1:1"] {
            #expect(HTTPAddress(far)?.isLoopback == false)
        }
        let wrong = [
            "", "off", "5613", ":5613", "127.0.0.1", "127.0.0.1:", "127.0.0.1:65536", "127.0.0.1:+1", "127.1:80",
            "::1:80", "[::1]", "[127.0.0.1]:80", "example.org:80", "http://127.0.0.1:80",
        ]
        for text in wrong { #expect(HTTPAddress(text) == nil, "\(text)") }
    }

    @Test func aHostFieldNamesThisMachineOrItDoesNot() {
        for host in ["127.0.0.1", "127.0.0.1:5613", "localhost:1", "LOCALHOST", "[::1]", "[::1]:5613"] {
            #expect(HTTPAddress.namesLoopback(host), "\(host)")
        }
        for host in [
            "", "10.0.0.1", "evil.example", "localhost.evil.example:5613", "[::2]", "[::1", "127.0.0.1.nip.io",
        ] {
            #expect(!HTTPAddress.namesLoopback(host), "\(host)")
        }
    }
}
