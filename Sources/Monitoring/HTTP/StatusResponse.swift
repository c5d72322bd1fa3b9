import Foundation

/// One answer: status, type and body.
struct StatusResponse: Hashable {
    var status = HTTPStatus.ok
    var contentType: String
    var body: [UInt8]

    static func json(_ body: [UInt8]) -> StatusResponse {
        StatusResponse(contentType: "application/json", body: body)
    }

    /// A problem as JSON: `{"error": {"expected": …, "found": …, "place": …}}`.
    init(_ problem: StatusProblem) {
        let fields = ["place": problem.place, "expected": problem.expected, "found": problem.found]
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        // Three strings under three keys can always be written.
        let body = (try? encoder.encode(["error": fields])) ?? Data()
        self.init(status: problem.status, contentType: "application/json", body: Array(body) + [UInt8(ascii: "\n")])
    }

    init(status: HTTPStatus = .ok, contentType: String, body: [UInt8]) {
        self.status = status
        self.contentType = contentType
        self.body = body
    }

    /// The bytes for the socket. Every connection carries one request: the pages are few and their readers slow.
    func bytes(withBody: Bool = true) -> [UInt8] {
        var head = "HTTP/1.1 \(status.rawValue) \(status.reason)\r\n"
        head += "Content-Type: \(contentType)\r\nContent-Length: \(body.count)\r\n"
        if status == .methodNotAllowed { head += "Allow: GET, HEAD\r\n" }
        head += "Cache-Control: no-store\r\nX-Content-Type-Options: nosniff\r\nConnection: close\r\n\r\n"
        return Array(head.utf8) + (withBody ? body : [])
    }
}
