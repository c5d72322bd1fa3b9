import Foundation
import Inputs
import TestSupport
import Testing
import Wire
@testable import Cluster

/// Bundles of a coordinator that means no good.
@Suite struct IncomingBundleTests {
    let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private func file(_ name: String, _ size: Int) -> BundleFile {
        BundleFile(name: name, size: size, digest: Digest(of: [UInt8](repeating: 7, count: max(0, min(size, 100)))))
    }

    @Test("files that come to more than there is room for, or than any bundle does, are refused before the first byte")
    func room() throws {
        let incoming = try IncomingBundle(folder.path + "/bundle")
        #expect(throws: Never.self) { try incoming.checkRoom(for: [file("a", 10), file("b", 0)]) }
        for sizes in [[1 << 40, 1], [Int.max, Int.max], [-1], [Int.max]] {
            let error = try inputError {
                try incoming.checkRoom(for: sizes.enumerated().map { file("\($0.offset)", $0.element) })
            }
            #expect(error.place == "the bundle", "\(error)")
        }
        let error = try inputError { try incoming.checkRoom(for: [file("a", 1 << 20)], room: 1000) }
        #expect(error.kind == .temporary && error.found == "1000 bytes")
    }

    @Test("no more than a file's announced size is taken, and nothing of it stays")
    func announcedSize() throws {
        do {
            let incoming = try IncomingBundle(folder.path + "/bundle")
            let error = try inputError {
                try incoming.write(file("a", 10)) { _ in [UInt8](repeating: 7, count: 11) }
            }
            #expect(error.found == "11")
            #expect(throws: InputError.self) { try incoming.write(file("b", 10)) { _ in [] } }
            try incoming.write(file("c", 10)) { offset in [UInt8](repeating: 7, count: min(4, 10 - offset)) }
        }
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == [])
    }
}
