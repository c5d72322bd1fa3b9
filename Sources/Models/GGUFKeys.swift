import Inputs
import Tensors

/// The metadata of a GGUF file under its architecture's name. A family asks for the keys that it knows; what nobody asked
/// for is refused in the end.
public final class GGUFKeys {
    public let file: GGUFFile
    private let prefix: String
    private var known: Set<String> = []

    /// Takes the keys that begin with `architecture` and a dot, of a file that is a whole model.
    init(_ file: GGUFFile, architecture: String) throws {
        if let type = try file.optionalString("general.type"), type != "model" {
            throw file.error("general.type", expected: "\"model\"")
        }
        if let parts = try file.optionalInteger("split.count"), parts > 1 {
            throw file.error(
                "split.count", expected: "a model in one file", hint: "join the parts with gguf-split --merge")
        }
        self.file = file
        prefix = "\(architecture)."
    }

    /// The whole name of a key. Asking for it makes the key known.
    public subscript(_ key: String) -> String {
        known.insert(prefix + key)
        return prefix + key
    }

    /// The size under `key`, from 1 to `most`; `standard` where there is none.
    public func size(_ key: String, default standard: Int? = nil, atMost most: Int? = nil) throws -> Int {
        let (key, most) = (self[key], most ?? Architecture.largestSize)
        if let standard, !file.has(key) { return standard }
        let size = try file.integer(key)
        guard 1...most ~= size else { throw file.error(key, expected: "a whole number from 1 to \(most)") }
        return size
    }

    /// Refuses what nobody asked for.
    func refuseOthers() throws {
        for key in file.keys where key.hasPrefix(prefix) && !known.contains(key) {
            throw file.error(key, expected: "no such key", hint: "it may change the forward pass and is not supported")
        }
    }
}
