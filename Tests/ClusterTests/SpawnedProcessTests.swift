import Foundation
import Synchronization
import TestSupport
import Testing
@testable import Cluster

@Suite(.timeLimit(.minutes(1))) struct SpawnedProcessTests {
    private func shell(
        _ script: String, said: (@Sendable ([UInt8]) -> Void)? = nil,
        ended: @escaping @Sendable (pid_t, SpawnedProcess.End) -> Void = { _, _ in }
    ) throws -> SpawnedProcess {
        let input = open("/dev/null", O_RDONLY | O_CLOEXEC)
        defer { close(input) }
        return try SpawnedProcess(
            "/bin/sh", ["-c", script], environment: ["WORD": "from here"], input: input, .init(said: said, ended: ended)
        )
    }

    @Test("its end is told once, after all that it said")
    func ends() throws {
        for (script, end) in [("exit 7", SpawnedProcess.End.status(7)), ("kill -9 $$", .signal(9))] {
            let told = Mutex<[String]>([])
            let done = DispatchSemaphore(value: 0)
            let process = try shell("echo $WORD >&2; \(script)") { bytes in
                told.withLock { $0.append(String(decoding: bytes, as: UTF8.self)) }
            } ended: { id, end in
                told.withLock { $0.append("\(id > 0) \(end)") }
                done.signal()
            }
            #expect(process.waitForEnd(patience: 30) == end)
            done.wait()
            #expect(told.withLock { $0 } == ["from here\n", "true \(end)"])
            #expect(!process.isRunning && process.waitForEnd(patience: 0) == end)
        }
    }

    @Test("one that does not end is ended, also where it has closed all that it had")
    func patience() throws {
        let process = try shell("trap '' TERM; exec 0<&- 1>&- 2>&-; while :; do :; done", said: { _ in })
        #expect(process.isRunning)
        #expect(process.waitForEnd(patience: 0.05) == .signal(SIGKILL))
    }

    @Test("it has a process group of its own, so that Ctrl-C is not for it")
    func group() throws {
        let process = try shell("read x; sleep 100", said: { _ in })
        #expect(getpgid(process.processID) == process.processID || !process.isRunning)
        process.kill()
        _ = process.waitForEnd(patience: 30)
    }

    @Test("lines are put together of pieces")
    func lines() {
        var splitter = LineSplitter()
        #expect(splitter.take(Array("a\nb".utf8)) == ["a"])
        #expect(splitter.take(Array("c".utf8)).isEmpty)
        #expect(splitter.take(Array("\n\nd".utf8)) == ["bc", ""])
        #expect(splitter.finish() == "d" && splitter.finish() == nil)
    }
}
