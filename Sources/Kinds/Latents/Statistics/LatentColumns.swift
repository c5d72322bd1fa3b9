import Inputs

/// Named columns with a value for every latent.
public struct LatentColumns: Sendable, Hashable {
    /// Length of every column.
    public let latents: Int
    /// In the order in which they were added.
    public private(set) var names: [String] = []
    private var values: [[Double]] = []

    /// No columns yet.
    public init(latents: Int) {
        self.latents = latents
    }

    /// A column; nil where there is none of that name.
    public subscript(name: String) -> [Double]? {
        names.firstIndex(of: name).map { values[$0] }
    }

    /// A column that must be there.
    public func required(_ name: String) throws -> [Double] {
        guard let column = self[name] else {
            throw InputError("result", expected: "a column '\(name)'", found: names.joined(separator: ", "))
        }
        return column
    }

    /// Adds a column of `latents` values.
    public mutating func append(_ name: String, _ column: [Double]) {
        names.append(name)
        values.append(column)
    }

    /// A latent's value in every column.
    public func row(_ latent: Int) -> [Double] {
        values.map { $0[latent] }
    }
}
