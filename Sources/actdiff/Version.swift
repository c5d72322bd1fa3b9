import Inputs

/// The version of this program; coordinator and workers must have the same.
enum Version {
    static let current = "0.1.0"

    /// Version and the first digits of the executable's own SHA-256: two builds of one version are not the same program.
    static func build() throws -> String {
        // Not by its path: the file there may have been replaced since this process began.
        let digest = try Start.digests().digest(of: "/proc/self/exe")
        return "\(current)+\(digest.description.prefix(12))"
    }
}
