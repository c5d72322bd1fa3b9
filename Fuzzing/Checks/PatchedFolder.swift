import Foundation
import TestSupport

/// A folder of small files that are right, some of which an input replaces: the others let a reader get further than any
/// input with all of them would.
///
/// An input's first byte is a set of the files, a bit each. What follows are their contents in order, and then the rest,
/// with `cut` between them.
final class PatchedFolder: Sendable {
    /// Files by name; nil where there is none unless an input has one.
    private let files: [(name: String, content: [UInt8]?)]
    private let folder: TemporaryFolder

    static let cut = Array("<|cut|>".utf8)
    /// The content that stands for a file that is not there.
    static let gone = Array("<|gone|>".utf8)

    /// Takes at most eight files.
    init(_ files: [(name: String, content: [UInt8]?)]) throws {
        folder = try TemporaryFolder()
        self.files = files
        for (name, content) in files { try put(content, name) }
    }

    /// Calls `body` with the folder's path while it is as the input has it, and with the input's rest.
    func patched(_ input: [UInt8], _ body: (_ path: String, _ rest: [UInt8]) throws -> Void) throws {
        guard let set = input.first else { return }
        var pieces = Self.pieces(input[1...])[...]
        let chosen = files.indices.filter { set >> UInt8($0) & 1 == 1 }
        for index in chosen {
            let content = pieces.popFirst() ?? []
            try put(content == Self.gone ? nil : content, files[index].name)
        }
        defer { for index in chosen { try? put(files[index].content, files[index].name) } }
        try body(folder.path, pieces.first ?? [])
    }

    private func put(_ content: [UInt8]?, _ name: String) throws {
        let path = "\(folder.path)/\(name)"
        if let content {
            try Data(content).write(to: URL(fileURLWithPath: path))
        } else if FileManager.default.fileExists(atPath: path) {
            try FileManager.default.removeItem(atPath: path)
        }
    }

    /// The parts between the cuts.
    static func pieces(_ bytes: ArraySlice<UInt8>) -> [[UInt8]] {
        var pieces: [[UInt8]] = []
        var start = bytes.startIndex
        var at = start
        while at < bytes.endIndex {
            if bytes[at] == cut[0], bytes[at...].starts(with: cut) {
                pieces.append(Array(bytes[start..<at]))
                at += cut.count
                start = at
            } else {
                at += 1
            }
        }
        return pieces + [Array(bytes[start...])]
    }

    /// Inputs to start from: each of the files alone, as it is, and then the rest.
    func seeds(rest: [UInt8] = []) -> [[UInt8]] {
        files.enumerated().compactMap { index, file in
            file.content.map { Self.input([(index, $0)], rest: rest) }
        }
    }

    /// The input that replaces the files with these numbers, in ascending order.
    static func input(_ contents: [(index: Int, content: [UInt8])], rest: [UInt8] = []) -> [UInt8] {
        let set = contents.reduce(UInt8(0)) { $0 | 1 << UInt8($1.index) }
        return [set] + (contents.map(\.content) + [rest]).joined(separator: cut)
    }
}
