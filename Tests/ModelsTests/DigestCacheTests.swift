import Foundation
@testable import Inputs
import TestSupport
import Testing

struct DigestCacheTests {
    /// Nothing is remembered of files in memory.
    private static let canRemember: Bool = {
        let folder = try? TemporaryFolder()
        let file = try? folder?.write("x", "x")
        return (try? file.map { try InputFile($0).writeOut {} }) == true
    }()

    /// Sets a file's modification time this many seconds before now.
    private func age(_ path: String, seconds: Double) throws {
        try FileManager.default.setAttributes(
            [.modificationDate: Date(timeIntervalSinceNow: -seconds)], ofItemAtPath: path)
    }

    /// A cache that remembers files at once, as it does elsewhere two seconds after their last change.
    private func cache(_ location: String) -> DigestCache {
        DigestCache(at: location, settledNanoseconds: -1_000_000_000)
    }

    @Test func severalFilesGiveTheDigestThatSha256sumGives() throws {
        let folder = try TemporaryFolder()
        let paths = [try folder.write("b.txt", "two\n"), try folder.write("a.txt", "one\n")]
        let cache = DigestCache(at: "\(folder.path)/cache.json")
        // printf 'one\n' > a.txt; printf 'two\n' > b.txt; sha256sum a.txt b.txt | sha256sum
        let expected = "0db5a34fdc1cd0fa4cc6932107dc0c6c50ef19fabc076ee97e12ebab3235c063"
        #expect(try cache.digest(of: paths, relativeTo: folder.path).description == expected)
        #expect(try cache.digest(of: paths, relativeTo: folder.path + "/").description == expected)
        let one = try cache.digest(of: [paths[1]], relativeTo: folder.path)
        #expect(one.description == "2c8b08da5ce60398e1f19af0e5dccc744df274b826abe585eaba68c525434806")
        #expect(try inputError { try cache.digest(of: paths, relativeTo: "/elsewhere") }.place == paths[0])
    }

    @Test(.enabled(if: canRemember)) func aChangedFileIsReadAgainAndAnUnchangedOneIsNot() throws {
        let folder = try TemporaryFolder()
        let path = try folder.write("a.txt", "one\n")
        let location = "\(folder.path)/cache.json"
        let first = try cache(location).digest(of: path)
        // The entry is what a second cache believes: plant another digest in it.
        let planted = Digest(of: "planted")
        let text = try String(contentsOfFile: location, encoding: .utf8)
        try folder.write("cache.json", text.replacingOccurrences(of: first.description, with: planted.description))
        let second = cache(location)
        #expect(try second.digest(of: path) == planted)
        try age(path, seconds: 30)
        #expect(try second.digest(of: path) == first)
    }

    @Test func aFileThatHasJustChangedIsNotRemembered() throws {
        let folder = try TemporaryFolder()
        let path = try folder.write("a.txt", "one\n")
        let cache = DigestCache(at: "\(folder.path)/cache.json")
        _ = try cache.digest(of: path)
        #expect(!FileManager.default.fileExists(atPath: "\(folder.path)/cache.json"))
    }

    @Test(.enabled(if: canRemember)) func aFileReplacedUnderItsOldTimeIsReadAgain() throws {
        let folder = try TemporaryFolder()
        let path = try folder.write("a.txt", "one\n")
        try age(path, seconds: 60)
        let digests = cache("\(folder.path)/new/cache.json")
        let first = try digests.digest(of: path)
        #expect(FileManager.default.fileExists(atPath: "\(folder.path)/new/cache.json"))
        let time = try FileManager.default.attributesOfItem(atPath: path)[.modificationDate]
        try folder.write("a.txt", "two\n")
        try FileManager.default.setAttributes([.modificationDate: try #require(time)], ofItemAtPath: path)
        #expect(try digests.digest(of: path) != first)
    }

    @Test(.enabled(if: canRemember)) func aDamagedCacheIsIgnoredAndRewritten() throws {
        let folder = try TemporaryFolder()
        let path = try folder.write("a.txt", "one\n")
        let location = try folder.write("cache.json", "{\"half\": ")
        let digest = try cache(location).digest(of: path)
        #expect(digest.description == "2c8b08da5ce60398e1f19af0e5dccc744df274b826abe585eaba68c525434806")
        #expect(try String(contentsOfFile: location, encoding: .utf8).contains(digest.description))
    }

    @Test func aCacheThatCannotBeWrittenDoesNotHinder() throws {
        let folder = try TemporaryFolder()
        let path = try folder.write("a.txt", "one\n")
        #expect(
            try cache("\(path)/cache.json").digest(of: path).description
                == "2c8b08da5ce60398e1f19af0e5dccc744df274b826abe585eaba68c525434806")
    }

    /// While a page waits to be written to the disk, changes through a mapping leave a file's times as they are.
    @Test func aChangeThroughAMappingIsSeen() throws {
        let folder = try TemporaryFolder()
        let path = try folder.write("a.bin", Data(repeating: 1, count: 20_000))
        let file = open(path, O_RDWR | O_CLOEXEC)
        defer { close(file) }
        let mapping = try #require(mmap(nil, 20_000, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0))
        try #require(mapping != MAP_FAILED)
        defer { munmap(mapping, 20_000) }
        let digests = cache("\(folder.path)/cache.json")
        var expected = [UInt8](repeating: 1, count: 20_000)
        for round in UInt8(0)..<8 {
            for place in [0, 5_000, 19_999] {
                expected[place] = round
                mapping.storeBytes(of: round, toByteOffset: place, as: UInt8.self)
            }
            #expect(try digests.digest(of: path) == Digest(of: expected), "round \(round)")
            try waitForTheClock(in: folder)
        }
    }

    /// Returns when a change has another time than one before the call: some kernels have a clock of ten milliseconds.
    private func waitForTheClock(in folder: TemporaryFolder) throws {
        func time() throws -> Date? {
            let file = try folder.write("clock", "")
            return try FileManager.default.attributesOfItem(atPath: file)[.modificationDate] as? Date
        }
        let before = try time()
        while try time() == before {}
    }

    @Test(.enabled(if: canRemember)) func entriesOfTheFirstLayoutAreNotBelieved() throws {
        let folder = try TemporaryFolder()
        let path = try folder.write("a.txt", "one\n")
        let location = "\(folder.path)/cache.json"
        let first = try cache(location).digest(of: path)
        let text = try String(contentsOfFile: location, encoding: .utf8)
            .replacingOccurrences(of: first.description, with: Digest(of: "planted").description)
        let contents = try #require(try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
        let files = try #require(contents["files"])
        try folder.write("cache.json", try JSONSerialization.data(withJSONObject: files))
        #expect(try cache(location).digest(of: path) == first)
    }

    @Test(.enabled(if: FileManager.default.isWritableFile(atPath: "/dev/shm")))
    func nothingIsRememberedOfFilesInMemory()
        throws
    {
        let folder = try TemporaryFolder()
        let path = "/dev/shm/actdiff-test-\(UUID().uuidString)"
        try Data("one".utf8).write(to: URL(filePath: path))
        defer { unlink(path) }
        let location = "\(folder.path)/cache.json"
        #expect(try cache(location).digest(of: path) == Digest(of: "one"))
        #expect(!FileManager.default.fileExists(atPath: location))
    }

    @Test func aMissingFileIsNamed() throws {
        let cache = DigestCache(at: "/dev/null/digests.json")
        #expect(try inputError { try cache.digest(of: "/nonexistent/file") }.place == "/nonexistent/file")
    }
}

struct AtomicFileTests {
    @Test func contentsAreReplacedWholeAndNothingIsLeftBehind() throws {
        let folder = try TemporaryFolder()
        let path = "\(folder.path)/result.json"
        try AtomicFile.write(Data("first and longer".utf8), to: path)
        try AtomicFile.write(Array("second".utf8), to: path)
        #expect(try String(contentsOfFile: path, encoding: .utf8) == "second")
        try AtomicFile.write(Data(), to: path)
        #expect(try Data(contentsOf: URL(filePath: path)).isEmpty)
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["result.json"])
    }

    @Test func anUnwritablePlaceIsATemporaryErrorThatNamesIt() throws {
        let folder = try TemporaryFolder()
        let path = "\(folder.path)/none/result.json"
        let error = try inputError { try AtomicFile.write(Data([1]), to: path) }
        #expect(error.place == path && error.kind == .temporary && error.found == "No such file or directory")
        let target = "\(folder.path)/folder"
        try FileManager.default.createDirectory(atPath: target, withIntermediateDirectories: false)
        #expect(try inputError { try AtomicFile.write(Data([1]), to: target) }.kind == .temporary)
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["folder"])
    }
}
