import Models

/// Where in the model a dictionary reads: a site of a layer.
public struct HookPoint: Sendable, Hashable, Codable, CustomStringConvertible {
    public typealias Site = Models.Site

    /// Zero-based index of the layer.
    public var layer: Int
    public var site: Site

    /// Makes a hook point.
    public init(layer: Int, site: Site) {
        self.layer = layer
        self.site = site
    }

    /// TransformerLens' name, such as `blocks.15.hook_resid_post`.
    public var transformerLensName: String { "blocks.\(layer).hook_\(site.rawValue)" }

    /// The name used in file names and tables, such as `resid_post.15`.
    public var description: String { "\(site.rawValue).\(layer)" }

    /// How files and tables name a hook here: `resid_post.15`, or `resid_post.15.personas` for one that has a name.
    public func label(_ name: String?) -> String { name.map { "\(self).\($0)" } ?? description }
}
