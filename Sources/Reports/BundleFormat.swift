import Exemplars
import Inputs
import Latents

/// What kind of bundle a folder is, by its manifest.
public enum BundleFormat: Sendable, Hashable {
    /// Of the kind `latents`.
    case rankings
    case exemplars

    /// Reads the manifest's format. Throws `InputError` for a folder without a manifest, or with one of another format.
    public init(of folder: String) throws {
        let format = try Document(jsonFile: folder + "/" + ResultBundle.manifestFile).required("format")
        switch try format.string() {
        case ResultBundle.format: self = .rankings
        case ExemplarBundle.format: self = .exemplars
        default: throw format.error(expected: "\"\(ResultBundle.format)\" or \"\(ExemplarBundle.format)\"")
        }
    }
}
