/// Which path shows what.
struct StatusRoutes: Sendable {
    let content: StatusServer.Content
    /// Whether the server is on a loopback address, so that only names of this machine are right for it.
    let isLoopback: Bool

    /// What to send for a request.
    func answer(_ head: RequestHead) -> StatusResponse {
        let path = String(head.target.prefix { $0 != "?" })
        do {
            try check(head, path)
            return try page(path)
        } catch let problem as StatusProblem {
            return StatusResponse(problem)
        } catch {
            return StatusResponse(StatusProblem(.internalError, path, expected: "an answer", found: "\(error)"))
        }
    }

    private func check(_ head: RequestHead, _ path: String) throws {
        guard head.method == "GET" || head.method == "HEAD" else {
            throw StatusProblem(.methodNotAllowed, path, expected: "GET", found: head.method)
        }
        guard path.hasPrefix("/") else {
            throw StatusProblem(.badRequest, "the request line", expected: "a path that begins with /", found: path)
        }
        guard head.hosts.count == 1 || (head.hosts.isEmpty && head.minorVersion == 0) else {
            throw StatusProblem(.badRequest, "the header", expected: "one Host field", found: "\(head.hosts.count)")
        }
        // A browser that was led here by a name that a stranger's DNS server points at 127.0.0.1 sends that name.
        if isLoopback, let host = head.hosts.first, !HTTPAddress.namesLoopback(host) {
            throw StatusProblem(.misdirected, "the Host field", expected: "an address of this machine", found: host)
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
