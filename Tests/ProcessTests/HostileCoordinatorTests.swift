import Foundation
import Inputs
import Testing
import Wire

extension ProcessTests {
    /// A coordinator that means no good, or goes away in the middle; and what has names that a terminal would obey.
    @Suite struct HostileCoordinator {
        let place: Workplace

        init() throws { place = try Workplace() }

        /// Answers one operator as long as `answer` gives something to answer.
        private final class Liar {
            private let inbox: Mailbox<Inbound>
            private let router: RouterThread
            var control: String { router.endpoints.control }

            init() throws {
                let inbox = try Mailbox<Inbound>()
                self.inbox = inbox
                router = try RouterThread(
                    bind: Endpoints(control: "tcp://127.0.0.1:*", data: "tcp://127.0.0.1:*"),
                    deliver: { inbox.post($0) }, report: { _ in })
            }

            deinit { router.stop() }

            /// `isOver` is asked after each answer.
            func serve(
                _ answer: (OperatorRequest) throws -> OperatorReply?, until isOver: () -> Bool = { false }
            ) throws {
                while true {
                    let all = inbox.takeAll(waiting: .seconds(60))
                    try #require(!all.isEmpty)
                    for inbound in all {
                        guard case .request(let id, let request) = inbound.message else { continue }
                        guard let reply = try answer(request) else { return }
                        try router.send(.reply(id: id, reply), to: inbound.peer)
                        if isOver() { return }
                    }
                }
            }
        }

        private func detail(_ state: JobState, done: Int, total: Int, submitted: Int = 0) throws -> OperatorReply {
            .job(
                JobDetail(
                    summary: JobSummary(
                        id: try #require(JobID("job-1")), name: "\u{1b}[31mred\nname", state: state,
                        shardsDone: done, shardsTotal: total, tokensDone: done, tokensTotal: total, quarantined: 0,
                        error: nil, submitted: submitted),
                    quarantined: [], verification: VerificationCount(), numberSystem: nil, workers: []))
        }

        @Test("a fetch that is interrupted leaves nothing behind")
        func interruptedFetch() throws {
            let liar = try Liar()
            let before = try place.contents
            let child = try place.start(["results", "job-1", "--save", "out", "--connect", liar.control])
            try liar.serve { request in
                guard case .bundleFiles = request else { return nil }
                return .files([BundleFile(name: "big", size: 1 << 20, digest: Digest(of: [1, 2, 3]))])
            }
            #expect(try place.contents.count == before.count + 2, "the draft, and the file in it")
            child.signal(SIGINT)
            let end = try child.end()
            #expect(end.status == 75 && !end.bySignal, "\(end.errors)")
            #expect(end.errors.contains("an interruption"))
            #expect(try place.contents == before)
        }

        @Test("a bundle that does not fit on the disk is refused before its first byte")
        func tooLarge() throws {
            let liar = try Liar()
            let before = try place.contents
            let child = try place.start(["results", "job-1", "--save", "out", "--connect", liar.control])
            try liar.serve { _ in
                .files([BundleFile(name: "big", size: .max, digest: Digest(of: [1, 2, 3]))])
            } until: {
                true
            }
            let end = try child.end()
            #expect(end.status == 65 && end.errors.contains("the bundle: expected files of"), "\(end.errors)")
            #expect(try place.contents == before)
        }

        @Test("numbers that cannot be are shown, and a partial job without a missing shard is no success")
        func impossibleNumbers() throws {
            let liar = try Liar()
            let child = try place.start(["watch", "job-1", "--connect", liar.control])
            var asked = 0
            try liar.serve { _ in
                asked += 1
                switch asked {
                case 1: return try detail(.running, done: 5, total: 4)
                case 2: return .workers([])
                case 3: return try detail(.running, done: .max, total: 1)
                case 4: return try detail(.partial, done: 3, total: 4)
                default: return nil
                }
            } until: {
                asked >= 4
            }
            let end = try child.end()
            #expect(!end.bySignal && end.status == 65, "\(end.status) \(end.errors)")
        }

        @Test("what a terminal would obey is shown and not sent, by commands and in the log")
        func terminals() throws {
            let end = try place.actdiff("results", "x\u{1b}]52;c;Zm9v\u{7}\ny")
            #expect(end.errors.contains(#"x\u{1b}]52;c;Zm9v\u{7}; y: expected"#), "\(end.errors)")
            let liar = try Liar()
            let child = try place.start(["show", "job-1", "--connect", liar.control])
            try liar.serve { _ in
                try detail(.running, done: 1, total: 2, submitted: .max)
            } until: {
                true
            }
            let shown = try child.end()
            #expect(shown.output.contains(#"(\u{1b}[31mred; name)"#), "\(shown.output)")

            let cluster = try TinyCluster(in: place)
            let job = try place.write(TinyJob().yaml, to: "a\u{1b}[31m\u{9b}\n2026 critical b.yaml")
            _ = try cluster.actdiff("submit", job, "--no-wait")
            let line = try cluster.coordinator.line(with: "[Cluster] submitted")
            #expect(line.contains(#"a\u{1b}[31m\u{9b}; 2026 critical b.yaml"#), "\(line)")
            for text in [end.errors, shown.output, shown.errors, line] {
                #expect(
                    !text.unicodeScalars.contains { $0.value < 0x20 && $0 != "\n" || (0x7F...0x9F).contains($0.value) })
            }
        }
    }
}
