import Dictionaries

/// Files of named vectors: safetensors, and NumPy's arrays in zip archives.
struct DirectionChecks: Checks {
    private let file: MemoryFile

    init() throws { file = try MemoryFile() }

    func check(_ input: [UInt8]) throws {
        let path = try file.holding(input)
        guard let found = try accepted({ try DirectionsFormat().open(path) }), let dictionary = found else { return }
        try demand(dictionary.latentCount == dictionary.latentNames?.count, "a vector without a name")
        try DictionaryDemands.check(dictionary)
    }

    /// What NumPy and safetensors wrote.
    static func seeds() throws -> [[UInt8]] {
        try Repository.files("Tests/DictionariesTests/Goldens/directions").map(Repository.bytes)
    }
}
