import Foundation
import NIOHTTP1

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

    /// What goes before the body.
    var head: HTTPResponseHead {
        var headers = HTTPHeaders([("Content-Type", contentType), ("Content-Length", "\(body.count)")])
        if status == .methodNotAllowed { headers.add(name: "Allow", value: "GET, HEAD") }
        headers.add(name: "Cache-Control", value: "no-store")
        headers.add(name: "X-Content-Type-Options", value: "nosniff")
        headers.add(name: "Connection", value: "close")
        return HTTPResponseHead(version: .http1_1, status: .init(statusCode: status.rawValue), headers: headers)
    }
}
