import Foundation
import Inputs
import Tensors

/// Files of named vectors, such as persona vectors, mean differences and probes: latent j's activation is the projection
/// h·v/|v| on vector j, of either sign.
///
/// A safetensors file or an .npz file with one array [vectors, width], or with nothing but arrays [width], one a vector.
/// The latents' order is that of the array or, for arrays [width], that of their names' UTF-8 bytes.
public struct DirectionsFormat: DictionaryFormat {
    public let name = "directions"
    public let signature =
        "a .safetensors or .npz file with one array [vectors, width], or with nothing but arrays [width]"

    /// The format.
    public init() {}

    public func open(_ path: String) throws -> LatentDictionary? {
        guard let arrays = try DirectionArrays(path) else { return nil }
        let vectors = try DirectionVectors(arrays)
        return LatentDictionary(
            format: name, path: path, files: [path],
            input: .init(width: vectors.width, hookName: nil, widthPlace: arrays.arrays[0].place, hookNamePlace: path),
            latentCount: vectors.names.count, latentNames: vectors.names, rule: .linear, normalisation: .none,
            contents: DirectionsReader(arrays: arrays))
    }
}

/// The arrays of a file, whose shapes are those of vectors.
struct DirectionArrays: Sendable {
    /// In the order of the latents: one matrix, or vectors.
    let arrays: [DirectionArray]

    /// Nil for a file of another kind.
    init?(_ path: String) throws {
        guard try Presence.of(path) == .file else { return nil }
        let file = try InputFile(path)
        var arrays: [DirectionArray]
        if try ZipArchive.isOne(file) {
            let archive = try ZipArchive(file)
            guard NumPyFile.isOne(archive) else { return nil }
            arrays = try NumPyFile(archive).arrays.values.map(DirectionArray.numPy)
        } else if try SafetensorsFile.isOne(file) {
            arrays = try SafetensorsFile(path).tensors.values.map(DirectionArray.tensor)
        } else {
            return nil
        }
        arrays.sort { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) }
        let isMatrix = arrays.count == 1 && arrays[0].shape.count == 2
        guard isMatrix || !arrays.isEmpty && arrays.allSatisfy({ $0.shape.count == 1 }) else { return nil }
        self.arrays = arrays
    }
}

/// An array in either kind of file.
enum DirectionArray: Sendable {
    case tensor(TensorView)
    case numPy(NumPyArray)

    var name: String {
        switch self {
        case .tensor(let tensor): tensor.name
        case .numPy(let array): array.name
        }
    }

    var shape: [Int] {
        switch self {
        case .tensor(let tensor): tensor.shape
        case .numPy(let array): array.shape
        }
    }

    /// For error messages.
    var place: String {
        switch self {
        case .tensor(let tensor): tensor.place
        case .numPy(let array): array.place
        }
    }

    func doubles() throws -> [Double] {
        switch self {
        case .tensor(let tensor): try tensor.doubles()
        case .numPy(let array): try array.doubles()
        }
    }
}
