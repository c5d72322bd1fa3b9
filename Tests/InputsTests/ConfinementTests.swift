import Foundation
import TestSupport
import Testing
@testable import Inputs

/// Every file is below the roots, whichever links lead to it.
@Suite struct ConfinementTests {
    let folder: TemporaryFolder

    init() throws {
        folder = try TemporaryFolder()
        for name in ["models/base", "models/hub/blobs", "models/hub/snapshots/1", "elsewhere"] {
            try folder.makeFolder(name)
        }
        try folder.write("models/base/config.json", "{}")
        try folder.write("models/hub/blobs/abc", "{}")
        try folder.write("elsewhere/secret.json", "{}")
        try folder.link("models/hub/snapshots/1/config.json", to: "../../blobs/abc")
    }

    private func roots(_ name: String = "models") throws -> ModelRoots {
        try ModelRoots(["\(folder.path)/\(name)"], of: "coordinator")
    }

    @Test("a link inside a folder that leads out of the roots is refused, however it goes")
    func linksOut() throws {
        try folder.link("models/base/relative", to: "../../elsewhere/secret.json")
        try folder.link("models/base/absolute", to: folder.path + "/elsewhere/secret.json")
        try folder.link("models/base/chain", to: "absolute")
        try folder.link("models/base/sub", to: "../../elsewhere")
        for name in ["relative", "absolute", "chain", "sub/secret.json", "../../elsewhere/secret.json"] {
            let path = "\(folder.path)/models/base/\(name)"
            #expect(throws: Never.self, "without roots") { try Document(jsonFile: path) }
            let error = try inputError { try ModelRoots.confine(to: roots()) { try Document(jsonFile: path) } }
            #expect(error.place == path && error.kind == .configuration)
            #expect(error.expected.hasPrefix("a path below one of the coordinator's model roots ("))
            #expect(error.found.hasSuffix("/elsewhere/secret.json, outside them"))
        }
        let path = folder.path + "/models/base/sub"
        #expect(try inputError { try ModelRoots.confine(to: roots()) { try InputFolder.names(path) } }.place == path)
        #expect(try InputFolder.names(path) == ["secret.json"])
    }

    @Test("nothing outside is told of, not even whether it is a file")
    func nothingIsTold() throws {
        try folder.link("models/base/device", to: "/dev/zero")
        try folder.link("models/base/folder", to: folder.path + "/elsewhere")
        for name in ["device", "folder"] {
            let error = try inputError {
                try ModelRoots.confine(to: roots()) { try InputFile("\(folder.path)/models/base/\(name)") }
            }
            #expect(error.found.hasSuffix(", outside them"))
        }
    }

    @Test("links that stay inside work, as those of the Hugging Face cache do, and roots that are links")
    func linksInside() throws {
        try folder.link("models/base/inside.json", to: folder.path + "/models/hub/blobs/abc")
        try folder.link("root", to: "models")
        let snapshot = folder.path + "/models/hub/snapshots/1"
        for roots in [try roots(), try roots("root"), try roots("models/hub")] {
            try ModelRoots.confine(to: roots) { _ = try Document(jsonFile: snapshot + "/config.json") }
        }
        try ModelRoots.confine(to: roots("root")) {
            _ = try Document(jsonFile: folder.path + "/root/base/inside.json")
        }
        // The snapshot alone is not enough.
        let error = try inputError {
            try ModelRoots.confine(to: roots("models/hub/snapshots/1")) {
                try Document(jsonFile: snapshot + "/config.json")
            }
        }
        #expect(error.hint.contains("Hugging Face"))
    }

    @Test("roots that cover a user's own inputs have what their links lead to, and nothing else")
    func covering() throws {
        let (snapshot, base) = (folder.path + "/models/hub/snapshots/1", folder.path + "/models/base")
        try folder.link("models/base/own", to: "config.json")
        try folder.link("models/base/broken", to: "nowhere")
        try folder.link("way", to: "models/hub/snapshots/1")
        let file = folder.path + "/elsewhere/secret.json"
        let blob = try #require(realpath(folder.path + "/models/hub/blobs/abc", nil).map { String(cString: $0) })
        #expect(ModelRoots.covering([base, file]) == [base, file])
        #expect(ModelRoots.covering([snapshot]) == [snapshot, blob])
        let way = folder.path + "/way"
        #expect(ModelRoots.covering([way]) == [way, blob])
        try ModelRoots.confine(to: ModelRoots(ModelRoots.covering([way]).sorted())) {
            _ = try Document(jsonFile: way + "/config.json")
        }
    }

    @Test("roots hold for as long as the call, on its thread, and not for the program's own files")
    func scope() throws {
        let path = folder.path + "/elsewhere/secret.json"
        try ModelRoots.confine(to: roots()) {
            _ = try inputError { try InputFile(path) }
            #expect(try InputFile(own: path).size == 2)
            #expect(try ending { try InputFile(path).size } == 2)
            // The cache itself is not below the roots.
            let cache = DigestCache(at: folder.path + "/cache.json", settledNanoseconds: -1_000_000_000)
            _ = try cache.digest(of: folder.path + "/models/base/config.json")
            #expect(try inputError { try cache.digest(of: path) }.place == path)
        }
        #expect(try InputFile(path).size == 2)
    }

    /// Whoever looks first and opens then is led out sooner or later.
    @Test("a link that is changed meanwhile never leads out")
    func racing() throws {
        try folder.write("models/base/config.json", "[1]")
        try folder.write("elsewhere/secret.json", "[2]")
        let link = try folder.link("models/base/link", to: "config.json")
        let other = folder.path + "/models/base/other"
        let targets = ["config.json", folder.path + "/elsewhere/secret.json"]
        let swap: @Sendable () -> Void = {
            for target in targets where symlink(target, other) == 0 { rename(other, link) }
        }
        var (read, refused) = (0, 0)
        try whileRepeating(swap) {
            for _ in 0..<20_000 {
                do {
                    let data = try ModelRoots.confine(to: roots()) { try Document.contents(of: link) }
                    try #require(data == Data("[1]".utf8))
                    read += 1
                } catch let error as InputError {
                    #expect(error.place == link)
                    refused += 1
                }
            }
        }
        #expect(read > 0 && refused > 0)
    }
}
