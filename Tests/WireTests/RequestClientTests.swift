import Foundation
import Inputs
import Testing
import Wire

@Suite("Requests", .timeLimit(.minutes(5)))
struct RequestClientTests {
    /// Runs `body` against a coordinator that answers every request with what `answer` makes of it.
    private func withCoordinator(
        answer: @escaping @Sendable (UInt64, OperatorRequest) -> [MessageFromCoordinator],
        body: (_ endpoint: String) throws -> Void
    ) throws {
        // Nil ends the thread that answers.
        let inbox = try Mailbox<Inbound?>()
        let router = try RouterThread(
            bind: Endpoints(control: "tcp://127.0.0.1:*", data: "tcp://127.0.0.1:*"),
            deliver: { inbox.post($0) }, report: { if !$0.isRoutine { Issue.record("\($0)") } })
        let thread = Thread {
            while true {
                for inbound in inbox.takeAll(waiting: nil) {
                    guard case .request(let id, let request) = inbound?.message, let peer = inbound?.peer else {
                        return
                    }
                    for message in answer(id, request) {
                        do { try router.send(message, to: peer) } catch { Issue.record(error) }
                    }
                }
            }
        }
        thread.start()
        defer {
            inbox.post(nil)
            router.stop()
        }
        try body(router.endpoints.control)
    }

    @Test("Each request gets the reply of its own id, whatever else arrives")
    func ids() throws {
        try withCoordinator { id, _ in
            [.whoAreYou(.control), .reply(id: id &- 1, .jobs([])), .reply(id: id, .bytes([1], total: Int(id)))]
        } body: { endpoint in
            let client = try RequestClient(endpoint: endpoint)
            for number in 1...100 { #expect(try client.request(.list) == .bytes([1], total: number)) }
        }
    }

    @Test("A failure is thrown as the coordinator made it")
    func failure() throws {
        let failure = InputError("job.yaml:3: masks", expected: "a mask", found: "\"x\"", hint: "h")
        try withCoordinator { id, _ in
            [.reply(id: id, .failure(failure))]
        } body: { endpoint in
            let client = try RequestClient(endpoint: endpoint)
            #expect(throws: failure) { try client.request(.list) }
        }
    }

    @Test("A refusal is thrown as the coordinator made it")
    func refusal() throws {
        let refusal = InputError("build", expected: "1", found: "2", kind: .configuration)
        try withCoordinator { _, _ in
            [.refused(refusal)]
        } body: { endpoint in
            let client = try RequestClient(endpoint: endpoint)
            #expect(throws: refusal) { try client.request(.list) }
        }
    }

    @Test("Where nobody listens the coordinator is unreachable, and the error names the endpoint")
    func deadPort() throws {
        let dead = try DeadPort()
        let client = try RequestClient(endpoint: dead.endpoint)
        let error = #expect(throws: InputError.self) { try client.request(.list, timeout: .milliseconds(200)) }
        #expect(error?.kind == .unreachable)
        #expect(error?.place == dead.endpoint)
        #expect(error?.expected == "a coordinator that answers")
        #expect(error?.found == "no connection within 0.2 seconds")
    }

    @Test("A coordinator that does not answer is unreachable, and a later answer is not taken for another question's")
    func silence() throws {
        try withCoordinator { id, request in
            request == .list ? [] : [.reply(id: id &- 1, .jobs([])), .reply(id: id, .cancelled)]
        } body: { endpoint in
            let client = try RequestClient(endpoint: endpoint)
            let job = try #require(JobID("job"))
            #expect(try client.request(.show(job)) == .cancelled)
            let error = #expect(throws: InputError.self) { try client.request(.list, timeout: .milliseconds(200)) }
            #expect(error?.kind == .unreachable)
            #expect(error?.found == "no answer within 0.2 seconds")
            #expect(try client.request(.cancel(job)) == .cancelled)
        }
    }

    @Test("What is no endpoint is a usage error", arguments: ["", "localhost:5555", "tcp://", "ftp://a:1"])
    func badEndpoint(endpoint: String) throws {
        let error = #expect(throws: InputError.self) { try RequestClient(endpoint: endpoint) }
        #expect(error?.kind == .usage)
        #expect(error?.place == endpoint)
        #expect(error?.expected == "an endpoint such as tcp://127.0.0.1:5611 or tcp://*:5611")
    }

    @Test("A request past the limits is not sent")
    func tooLarge() throws {
        let client = try RequestClient(endpoint: "tcp://127.0.0.1:9")
        let file = String(repeating: "a", count: 5000)
        let job = try #require(JobID("job"))
        let error = #expect(throws: InputError.self) { try client.request(.fetch(job, file: file, offset: 0)) }
        #expect(
            error?.description == "tcp://127.0.0.1:9: fetch.file: expected at most 4096 bytes, found 5000")
    }
}
