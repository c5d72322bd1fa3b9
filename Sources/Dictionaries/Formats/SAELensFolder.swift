import Compute
import Foundation
import Inputs
import Tensors

/// Reads a SAELens folder: `cfg.json` and `sae_weights.safetensors`.
public enum SAELensFolder {
    /// Files of the folder that decide what the dictionary computes.
    private static let names = ["cfg.json", "sae_weights.safetensors"]

    /// What a dictionary is, without its weights.
    public struct Description: Sendable, Hashable {
        /// Such as `topk`.
        public let architecture: String
        /// Width of the residual stream it reads.
        public let inputWidth: Int
        /// Number of latents.
        public let latentCount: Int
        /// The place in the model it was trained on, in TransformerLens' words, where the file tells.
        public let hookName: String?
        /// Files that decide what it computes.
        public let files: [String]
    }

    /// Reads the configuration alone. Throws `InputError` for anything that is missing or not supported.
    public static func describe(_ folder: String) throws -> Description {
        let (config, paths) = try self.config(folder)
        return Description(
            architecture: config.architecture.rawValue, inputWidth: config.inputWidth,
            latentCount: config.latentCount, hookName: config.hookName, files: paths)
    }

    /// Loads the encoder, with its weights laid out for `layout` or, without one, for what is expected to be fastest.
    ///
    /// Throws `InputError` for anything that is missing, has another shape or is not supported.
    public static func load(
        _ folder: String, layout: SparseAutoencoder.Layout? = nil, threads: Threads = Threads(1)
    ) throws -> SparseAutoencoder {
        try reader(folder, threads).dictionary(layout, isLoaded: true)
    }

    /// Like `load`, but the encoder's weights stay in the file, to be read whenever rows are encoded: for dictionaries that
    /// do not fit into memory.
    public static func open(_ folder: String, threads: Threads) throws -> SparseAutoencoder {
        try reader(folder, threads).dictionary(nil, isLoaded: false)
    }

    private static func reader(_ folder: String, _ threads: Threads) throws -> SAELensReader {
        let (config, paths) = try self.config(folder)
        return SAELensReader(path: paths[1], file: try SafetensorsFile(paths[1]), config: config, threads: threads)
    }

    private static func config(_ folder: String) throws -> (SAELensConfig, [String]) {
        let paths = names.map { "\(folder)/\($0)" }
        for path in paths where !FileManager.default.fileExists(atPath: path) {
            throw InputError(
                folder, expected: "a SAELens folder with \(names.joined(separator: " and "))",
                found: "no \((path as NSString).lastPathComponent)",
                hint: "other SAE formats are not supported yet; SAELens can convert most of them")
        }
        return (try SAELensConfig(Document(jsonFile: paths[0])), paths)
    }
}
