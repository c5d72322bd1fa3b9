import Foundation

/// Files of this repository that are good to start from.
enum Repository {
    private static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().path

    /// A file, by its path in the repository.
    static func bytes(_ path: String) throws -> [UInt8] {
        Array(try Data(contentsOf: URL(fileURLWithPath: "\(root)/\(path)")))
    }

    /// The paths of a folder's files, in order.
    static func files(_ folder: String) throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: "\(root)/\(folder)").filter { !$0.hasPrefix(".") }.sorted()
            .map { "\(folder)/\($0)" }
    }

    /// What runs of the fuzzer found worth keeping for a target.
    static func corpus(_ target: FuzzTarget) throws -> [String] { try files("Fuzzing/Corpus/\(target.rawValue)") }
}
