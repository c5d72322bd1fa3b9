import Foundation

/// The committed digests of one kernel set: `Goldens/<set>.json`.
struct BundleDigests: Codable {
    /// Makes the test write the files instead of comparing with them, and fail.
    static let variable = "ACTDIFF_WRITE_DIGESTS"

    /// For whoever reads the file.
    var about = """
        SHA-256 of every file of the bundles in Tests/BundleTests/BundleJob.swift. ACTDIFF_WRITE_DIGESTS=1 makes the test \
        write this file and fail. Numbers depend on the kernels alone, on no C library and no operating system.
        """
    /// By job, then by file.
    var jobs: [String: [String: String]] = [:]

    static func file(_ kernels: String) -> String { "\(TinyModels.tests)/BundleTests/Goldens/\(kernels).json" }

    /// Nil where there is no file for the set.
    init?(for kernels: String) throws {
        let file = Self.file(kernels)
        guard FileManager.default.fileExists(atPath: file) else { return nil }
        self = try JSONDecoder().decode(Self.self, from: Data(contentsOf: URL(fileURLWithPath: file)))
    }

    init(jobs: [String: [String: String]]) { self.jobs = jobs }

    func write(for kernels: String) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        try (encoder.encode(self) + Data("\n".utf8)).write(to: URL(fileURLWithPath: Self.file(kernels)))
    }
}
