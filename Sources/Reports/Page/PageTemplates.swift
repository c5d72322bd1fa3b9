import Inputs
import Mustache

/// The page's templates, which are part of the program.
enum PageTemplates {
    private static let sources: [(name: String, bytes: [UInt8])] = [
        ("page", PackageResources.page_mustache), ("bundle", PackageResources.bundle_mustache),
        ("result", PackageResources.result_mustache), ("trajectories", PackageResources.trajectories_mustache),
        ("latents", PackageResources.latents_mustache), ("exemplars", PackageResources.exemplars_mustache),
        ("table", PackageResources.table_mustache),
    ]

    /// Fills the page in. Throws `InputError` where the program's own templates cannot be read.
    static func render(_ fields: Fields) throws -> String {
        var library = MustacheLibrary()
        for (name, bytes) in sources {
            do {
                try library.register(String(decoding: bytes, as: UTF8.self), named: name)
            } catch {
                throw broken(name, "\(error)")
            }
        }
        guard let page = library.render(fields, withTemplate: "page") else { throw broken("page", "none") }
        return page
    }

    private static func broken(_ name: String, _ found: String) -> InputError {
        InputError(
            "the program's template '\(name)'", expected: "one that can be read", found: found, kind: .configuration)
    }
}
