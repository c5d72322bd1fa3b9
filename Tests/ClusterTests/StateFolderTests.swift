import Foundation
import Inputs
import TestSupport
import Testing
@testable import Cluster

/// Who can read a coordinator's state, and who can have it.
@Suite struct StateFolderTests {
    let folder: TemporaryFolder
    var path: String { folder.path + "/state" }

    init() throws { folder = try TemporaryFolder() }

    private func mode(_ path: String) -> mode_t {
        var status = stat()
        return stat(path, &status) == 0 ? status.st_mode & 0o777 : 0
    }

    @Test("an open folder and its database are made their owner's alone, before anything is written")
    func modes() throws {
        do {
            let state = try StateFolder(path)
            let store = try JobStore(state)
            _ = try store.jobs()
            #expect(mode(path + "/jobs.sqlite") == 0o600 && mode(path) == 0o700)
            for name in ["jobs.sqlite-wal", "jobs.sqlite-shm"] { #expect(mode("\(path)/\(name)") == 0o600, "\(name)") }
            store.close()
            state.unlock()
        }
        chmod(path, 0o755)
        chmod(path + "/jobs.sqlite", 0o644)
        try Data().write(to: URL(fileURLWithPath: path + "/jobs.sqlite-wal"))
        chmod(path + "/jobs.sqlite-wal", 0o644)
        let state = try StateFolder(path)
        #expect(mode(path) == 0o700)
        #expect(mode(path + "/jobs.sqlite") == 0o600 && mode(path + "/jobs.sqlite-wal") == 0o600)
        state.unlock()
    }

    @Test("a lock file that was removed lets nobody in: the database itself is locked")
    func removedLock() throws {
        let state = try StateFolder(path)
        let store = try JobStore(state)
        try FileManager.default.removeItem(atPath: path + "/coordinator.lock")
        let error = try inputError { try StateFolder(path) }
        #expect(error.expected == "a state folder that no other coordinator uses" && error.kind == .temporary)
        #expect(error.found.hasPrefix("one in use"))
        #expect(try store.jobs() == [])
        store.close()
        state.unlock()
        try StateFolder(path).unlock()
    }

    @Test("a folder that was let go is free, whoever still has its descriptors")
    func inheritedDescriptors() throws {
        let state = try StateFolder(path)
        // A child between fork and exec has copies like these.
        let copies = try FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd").compactMap(Int32.init)
            .filter {
                (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/fd/\($0)"))?.hasPrefix(path)
                    == true
            }
            .map { dup($0) }
        defer { for copy in copies { close(copy) } }
        #expect(copies.count == 2)
        state.unlock()
        try StateFolder(path).unlock()
    }

    @Test("too few descriptors are said, not met")
    func descriptors() throws {
        #expect(throws: Never.self) { try DescriptorLimit.check(64) }
        let coordinator = try inputError { try DescriptorLimit.check(255, 256, for: "a coordinator") }
        #expect(coordinator.expected == "a limit of at least 256 for a coordinator" && coordinator.found == "255")
        let error = try inputError { try DescriptorLimit.check(40) }
        #expect(error.kind == .configuration && error.found == "40" && error.hint.contains("ulimit"))
    }

    @Test("a folder with other files is not taken for a state, and stays as it is")
    func foreignFolder() throws {
        let folder = try TemporaryFolder()
        chmod(folder.path, 0o755)
        try folder.write("precious", Data("x".utf8))
        let error = try inputError { try StateFolder(folder.path).unlock() }
        #expect(error.kind == .configuration && error.found == "one with other files, such as precious")
        var status = stat()
        #expect(stat(folder.path, &status) == 0 && status.st_mode & 0o777 == 0o755)
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["precious"])
        // What a start that was ended early leaves is a state.
        let begun = try TemporaryFolder()
        for name in ["bundles", "lost+found"] {
            try FileManager.default.createDirectory(atPath: "\(begun.path)/\(name)", withIntermediateDirectories: true)
        }
        try StateFolder(begun.path).unlock()
        try begun.write("note", Data())
        try StateFolder(begun.path).unlock()
    }

    @Test("too little address space is said, not met")
    func addressSpace() throws {
        #expect(throws: Never.self) { try AddressSpaceLimit.check(.max) }
        let error = try inputError { try AddressSpaceLimit.check(300 << 20) }
        #expect(error.kind == .configuration && error.found == "307200 KiB" && error.hint.contains("ulimit"))
    }
}
