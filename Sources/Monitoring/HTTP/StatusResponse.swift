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

    /// The lines before the body, with the empty one.
    var head: String {
        var lines = ["HTTP/1.1 \(status.rawValue) \(status.reason)"]
        lines += ["Content-Type: \(contentType)", "Content-Length: \(body.count)"]
        if status == .methodNotAllowed { lines.append("Allow: GET, HEAD") }
        lines += ["Cache-Control: no-store", "X-Content-Type-Options: nosniff", "Connection: close"]
        return lines.map { $0 + "\r\n" }.joined() + "\r\n"
    }
}
