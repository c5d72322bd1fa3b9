import Foundation
import Testing

@testable import Inputs

/// Folders that appear whole or not at all, and what becomes of those that do not.
@Suite struct NewFolderTests {
    let parent: String

    init() throws {
        parent = NSTemporaryDirectory() + "actdiff-folders-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: parent, withIntermediateDirectories: true)
    }

    private var names: [String] {
        get throws { try FileManager.default.contentsOfDirectory(atPath: parent).sorted() }
    }

    @Test("a folder appears whole; a draft that is not published goes with its maker")
    func publishing() throws {
        defer { try? FileManager.default.removeItem(atPath: parent) }
        do {
            let folder = try NewFolder(parent + "/left")
            try folder.write([1, 2, 3] as [UInt8], to: "a")
            let found = try names
            #expect(found.count == 1 && found[0].hasPrefix(".left.") && found[0].hasSuffix(".partial"))
        }
        #expect(try names == [])
        let folder = try NewFolder(parent + "/made")
        try folder.write([1, 2, 3] as [UInt8], to: "a")
        try folder.publish()
        #expect(try names == ["made"])
        #expect(try Array(Document.contents(of: parent + "/made/a")) == [1, 2, 3])
        let error = #expect(throws: InputError.self) { try NewFolder(parent + "/made") }
        #expect(error?.kind == .usage && error?.found == "one that does")
    }

    @Test("folders around it are made; what is in the way is told before, too")
    func surroundings() throws {
        defer { try? FileManager.default.removeItem(atPath: parent) }
        try NewFolder.checkPlace(parent + "/some/where/made")
        #expect(try names == [])
        try NewFolder(parent + "/some/where/made").publish()
        #expect(try Presence.of(parent + "/some/where/made") == .folder)
        // Without the folder itself, what was made for it goes again, and nothing else.
        _ = try NewFolder(parent + "/some/other/place/made")
        #expect(try FileManager.default.contentsOfDirectory(atPath: parent + "/some") == ["where"])
        try AtomicFile.write(Array("x".utf8), to: parent + "/file")
        for path in ["/file/made", "/file/where/made"] {
            for attempt in [NewFolder.checkPlace, { _ = try NewFolder($0) }] {
                let error = #expect(throws: InputError.self) { try attempt(parent + path) }
                #expect(error?.kind == .configuration && error?.found == "Not a directory")
            }
        }
    }

    @Test("a folder that is discarded is gone, and one of which something is left has a draft's name")
    func discard() throws {
        defer { try? FileManager.default.removeItem(atPath: parent) }
        try FileManager.default.createDirectory(atPath: parent + "/state/below", withIntermediateDirectories: true)
        try AtomicFile.write(Array("x".utf8), to: parent + "/state/below/file")
        NewFolder.discard(parent + "/state")
        #expect(try names == [])
        NewFolder.discard(parent + "/state")
        #expect(try names == [])
    }

    @Test("a process that is told to end at once takes its drafts with it, and nothing else")
    func discarding() throws {
        defer { try? FileManager.default.removeItem(atPath: parent) }
        let made = try NewFolder(parent + "/made")
        try made.write([1] as [UInt8], to: "a")
        try made.publish()
        let draft = try NewFolder(parent + "/left")
        try draft.write([1, 2, 3] as [UInt8], to: "a")
        #expect(try names.count == 2)
        FolderDraft.removeOwn { $0.hasPrefix(parent) }
        #expect(try names == ["made"])
        #expect(throws: InputError.self) { try draft.write([4] as [UInt8], to: "b") }
        #expect(try names == ["made"])
    }

    @Test("a draft of a process that is gone is removed, one of a living process and foreign names stay")
    func abandonedDrafts() throws {
        defer { try? FileManager.default.removeItem(atPath: parent) }
        // A process that has ended and was waited for: nobody has its number.
        let child = Process()
        child.executableURL = URL(fileURLWithPath: "/bin/true")
        try child.run()
        child.waitUntilExit()
        let host = ProcessInfo.processInfo.hostName
        func draft(_ host: String, _ process: Int32) throws -> String {
            let name = ".job.\(host)-\(process)-1f.partial"
            try FileManager.default.createDirectory(atPath: "\(parent)/\(name)", withIntermediateDirectories: true)
            return name
        }
        let gone = try draft(host, child.processIdentifier)
        let kept = [
            try draft(host, getpid()), try draft("another-\(host)", child.processIdentifier),
            ".job.partial", ".other-1-1f.partial", "job-\(child.processIdentifier)-1f.partial",
        ]
        for name in kept {
            try FileManager.default.createDirectory(atPath: "\(parent)/\(name)", withIntermediateDirectories: true)
        }
        // One that is locked: its maker lives, in another container, under a number that is nobody's here.
        let locked = ".locked.\(host)-\(child.processIdentifier)-2f.partial"
        try FileManager.default.createDirectory(atPath: "\(parent)/\(locked)", withIntermediateDirectories: true)
        let lock = open("\(parent)/\(locked)", O_RDONLY | O_DIRECTORY)
        #expect(flock(lock, LOCK_EX | LOCK_NB) == 0)
        defer { close(lock) }

        try NewFolder(parent + "/made").publish()
        #expect(try names == (kept + [locked, "made"]).sorted())
        #expect(try !names.contains(gone))
    }

    @Test("what cannot be looked at is not taken for nothing")
    func presence() throws {
        defer { try? FileManager.default.removeItem(atPath: parent) }
        #expect(try Presence.of(parent) == .folder)
        #expect(try Presence.of(parent + "/none") == .nothing)
        let file = parent + "/file"
        try AtomicFile.write(Array("x".utf8), to: file)
        #expect(try Presence.of(file) == .file && Presence.of(file + "/below") == .nothing)
        // Permissions do not hold the superuser back; a link to itself does.
        try FileManager.default.createSymbolicLink(atPath: parent + "/loop", withDestinationPath: "loop")
        let loop = #expect(throws: InputError.self) { try Presence.of(parent + "/loop/file") }
        #expect(loop?.found == "Too many levels of symbolic links" && loop?.place == parent + "/loop/file")
        guard geteuid() != 0 else { return }
        chmod(parent, 0)
        defer { chmod(parent, 0o700) }
        let closed = #expect(throws: InputError.self) { try Presence.of(file) }
        #expect(closed?.found == "Permission denied")
    }
}
