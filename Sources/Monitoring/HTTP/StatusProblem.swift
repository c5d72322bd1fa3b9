/// The answers that the status pages give.
public enum HTTPStatus: Int, Sendable {
    case ok = 200
    case badRequest = 400
    case notFound = 404
    case methodNotAllowed = 405
    case misdirected = 421
    case headTooLarge = 431
    case internalError = 500
    case unavailable = 503
    case versionNotSupported = 505

    /// The words of RFC 9110 and, for 431, RFC 6585.
    var reason: String {
        switch self {
        case .ok: "OK"
        case .badRequest: "Bad Request"
        case .notFound: "Not Found"
        case .methodNotAllowed: "Method Not Allowed"
        case .misdirected: "Misdirected Request"
        case .headTooLarge: "Request Header Fields Too Large"
        case .internalError: "Internal Server Error"
        case .unavailable: "Service Unavailable"
        case .versionNotSupported: "HTTP Version Not Supported"
        }
    }
}

/// Why a page is not to be had; clients get it as JSON.
public struct StatusProblem: Error, Sendable, Hashable, CustomStringConvertible {
    public var status: HTTPStatus
    /// Such as `/api/v1/jobs/x`.
    public var place: String
    public var expected: String
    public var found: String

    /// Makes a problem.
    public init(_ status: HTTPStatus, _ place: String, expected: String, found: String) {
        self.status = status
        self.place = place
        self.expected = expected
        self.found = found
    }

    public var description: String { "\(place): expected \(expected), found \(found)" }
}
