/// Which path shows what.
struct StatusRoutes: Sendable {
    let content: StatusServer.Content
    /// Whether the server is on a loopback address, so that only names of this machine are right for it.
    let isLoopback: Bool

    /// The bytes to send for a request.
    func answer(_ head: RequestHead) -> [UInt8] {
        response(to: head).bytes(withBody: head.method == "GET")
    }

    private func response(to head: RequestHead) -> StatusResponse {
        // A browser that was led here by a name that a stranger's DNS server points at 127.0.0.1 sends that name.
        if isLoopback, let host = head.host, !HTTPAddress.namesLoopback(host) {
            return StatusResponse(
                StatusProblem(.misdirected, "the Host field", expected: "an address of this machine", found: host))
        }
        do {
            return try page(head.path)
        } catch let problem as StatusProblem {
            return StatusResponse(problem)
        } catch {
            return StatusResponse(
                StatusProblem(.internalError, head.path, expected: "an answer", found: "\(error)"))
        }
    }

    private func page(_ path: String) throws -> StatusResponse {
        let parts = path.split(separator: "/", omittingEmptySubsequences: false).dropFirst().map(String.init)
        switch parts {
        case ["healthz"]: return try health(path)
        case ["metrics"]:
            return StatusResponse(contentType: MetricsRegistry.contentType, body: Array(content.metrics().utf8))
        case _ where parts.count > 2 && parts.starts(with: ["api", "v1"]):
            if let body = try content.page(Array(parts.dropFirst(2))) { return .json(body) }
        default: break
        }
        throw StatusProblem(
            .notFound, path, expected: "/healthz, /metrics, /api/v1/jobs or another page of the API",
            found: "no such page")
    }

    private func health(_ path: String) throws -> StatusResponse {
        let silence = content.heartbeat.silence
        guard silence <= content.heartbeat.limit else {
            throw StatusProblem(
                .unavailable, path, expected: "a sign of life in the last \(content.heartbeat.limit) seconds",
                found: "none for \((silence * 1000).rounded() / 1000) seconds")
        }
        return StatusResponse(contentType: "text/plain; charset=utf-8", body: Array("ok\n".utf8))
    }
}
