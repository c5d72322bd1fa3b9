import Foundation
import TestSupport
import Testing
@testable import Inputs

/// What is no regular file is refused at once, by its name; what gets shorter while it is read is an error.
@Suite struct InputFileTests {
    let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    /// One of each kind, by what errors call it.
    private func strangers() throws -> [(path: String, kind: String)] {
        let socket = folder.path + "/socket"
        #expect(mknod(socket, S_IFSOCK | 0o600, 0) == 0)
        return [
            (try folder.makeFIFO("fifo"), "a pipe (FIFO)"), (socket, "a socket"), ("/dev/zero", "a device"),
            ("/dev/tty", "a device"), (try folder.makeFolder("folder"), "a folder"),
        ]
    }

    @Test("pipes, sockets, devices and folders are refused at once, also behind links")
    func strangersAreRefused() throws {
        for (index, stranger) in try strangers().enumerated() {
            for path in [stranger.path, try folder.link("link-\(index)", to: stranger.path)] {
                let error = try ending { try inputError { try InputFile(path) } }
                #expect(error.place == path && error.expected == "a regular file" && error.found == stranger.kind)
                #expect(error.hint.contains("/dev/stdin") == (stranger.kind != "a folder"))
                #expect(error.kind == .badData)
            }
        }
    }

    @Test("a pipe of the shell, as <(…) and /dev/stdin are, is refused")
    func pipeOfAShell() throws {
        var ends: [Int32] = [0, 0]
        #expect(pipe(&ends) == 0)
        defer { for end in ends { close(end) } }
        let path = "/proc/self/fd/\(ends[0])"
        #expect(try ending { try inputError { try Document(yamlFile: path) } }.found == "a pipe (FIFO)")
    }

    /// Whoever opens a FIFO to read lets one that waits to write go on, and end by SIGPIPE.
    @Test("nothing is opened in order to see what it is")
    func looksDoNotOpen() throws {
        let path = try folder.makeFIFO("fifo")
        try whileRepeating({ _ = try? InputFile(path) }) {
            for _ in 0..<20_000 {
                let writer = open(path, O_WRONLY | O_NONBLOCK | O_CLOEXEC)
                if writer >= 0 { close(writer) }
                try #require(writer < 0, "somebody has it open")
            }
        }
    }

    @Test("every reader of this module refuses a pipe in place of its file")
    func readers() throws {
        let path = try folder.makeFIFO("fifo")
        let place = folder.path
        let file = try folder.write("data", "x")
        #expect(try ending { try inputError { try Document(jsonFile: path) } }.found == "a pipe (FIFO)")
        #expect(try ending { try inputError { try Document(yamlFile: path) } }.found == "a pipe (FIFO)")
        #expect(try ending { try inputError { try Document.contents(of: path) } }.found == "a pipe (FIFO)")
        #expect(
            try ending { try inputError { try DigestCache(at: place + "/new.json").digest(of: path) } }.found
                == "a pipe (FIFO)")
        // A cache is worth no error.
        #expect(try ending { try DigestCache(at: path).digest(of: file) } == Digest(of: "x"))
    }

    @Test("a file that was cut off since it was opened is an error, however it is read")
    func cutOff() throws {
        let path = try folder.write("data", Data(repeating: 7, count: 300_000))
        let file = try InputFile(path)
        #expect(truncate(path, 100_000) == 0)
        let reads: [(InputFile) throws -> Void] = [
            { _ = try $0.bytes() }, { _ = try $0.contents() }, { _ = try $0.bytes(99_999..<100_001) },
            { _ = try Digest(of: $0) }, { try $0.forEachPiece(of: 0..<$0.size) { _ in true } },
        ]
        for read in reads {
            let error = try inputError { try read(file) }
            #expect(error.place == path && error.kind == .temporary)
            #expect(error.found.hasPrefix("its end after ") && error.hint == "the file was cut off while it was read")
        }
        #expect(try file.bytes(0..<100_000) == [UInt8](repeating: 7, count: 100_000))
    }

    /// A mapping would end the process by SIGBUS sooner or later.
    @Test("a file that is cut off and grows again while it is read gives its bytes or an error")
    func changing() throws {
        let path = try folder.write("data", Data(repeating: 7, count: 1 << 20))
        let change: @Sendable () -> Void = {
            truncate(path, 0)
            truncate(path, 1 << 20)
        }
        try whileRepeating(change) {
            for _ in 0..<2_000 {
                do {
                    let data = try Document.contents(of: path)
                    #expect(data.isEmpty || data.count == 1 << 20)
                } catch let error as InputError {
                    #expect(error.place == path)
                }
            }
        }
    }

    @Test("a file of more than 2 GiB is not read whole")
    func sparse() throws {
        let path = try folder.write("data", "")
        #expect(truncate(path, 64 << 30) == 0)
        let error = try inputError { try Document.contents(of: path) }
        #expect(error.expected == "a file of at most 2147483648 bytes" && error.found == "68719476736 bytes")
    }
}
