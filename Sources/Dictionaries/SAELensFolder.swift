import Checkpoints
import Compute
import Foundation
import Inputs

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
        let (config, paths) = try open(folder)
        return Description(
            architecture: config.architecture.rawValue, inputWidth: config.inputWidth,
            latentCount: config.latentCount, hookName: config.hookName, files: paths)
    }

    /// Loads the encoder. Throws `InputError` for anything that is missing, has another shape or is not supported.
    public static func load(_ folder: String) throws -> SparseAutoencoder {
        let (config, paths) = try open(folder)
        return try Reader(path: paths[1], file: try SafetensorsFile(paths[1]), config: config).dictionary()
    }

    private static func open(_ folder: String) throws -> (SAELensConfig, [String]) {
        let paths = names.map { "\(folder)/\($0)" }
        for path in paths where !FileManager.default.fileExists(atPath: path) {
            throw InputError(
                folder, expected: "a SAELens folder with \(names.joined(separator: " and "))",
                found: "no \((path as NSString).lastPathComponent)",
                hint: "other SAE formats are not supported yet; SAELens can convert most of them")
        }
        return (try SAELensConfig(Document(jsonFile: paths[0])), paths)
    }

    private struct Reader {
        let path: String
        let file: SafetensorsFile
        let config: SAELensConfig

        private var width: Int { config.inputWidth }
        private var latents: Int { config.latentCount }

        func dictionary() throws -> SparseAutoencoder {
            try refuseStrangers()
            let weights = try tensor("W_enc", [width, latents])
            let decoderBias = try tensor("b_dec", [width])
            let bias = config.architecture == .gated ? FloatBuffer(latents) : try tensor("b_enc", [latents])
            if config.rescalesByDecoderNorm { try rescale(weights, bias) }
            let packed = PackedMatrix(columns: latents, inner: width)
            packed.setTurned(weights.pointer, stride: latents, first: 0, count: latents)
            return SparseAutoencoder(
                inputWidth: width, latentCount: latents, normalisation: config.normalisation,
                activation: try activation(), weights: packed, bias: bias,
                inputBias: config.subtractsDecoderBias ? decoderBias : nil)
        }

        private func activation() throws -> SparseAutoencoder.Activation {
            switch config.architecture {
            case .standard: return .relu
            case .topk: return .topK(config.k)
            case .jumprelu: return .jumpReLU(threshold: try tensor("threshold", [latents]))
            case .gated:
                let magnitude = try tensor("r_mag", [latents])
                for index in 0..<latents { magnitude.pointer[index] = expf(magnitude.pointer[index]) }
                return .gated(
                    gateBias: try tensor("b_gate", [latents]), magnitude: magnitude,
                    magnitudeBias: try tensor("b_mag", [latents]))
            }
        }

        /// Top-k by z · ‖decoder row‖: the norm goes into weights and bias.
        private func rescale(_ weights: FloatBuffer, _ bias: FloatBuffer) throws {
            let decoder = try tensor("W_dec", [latents, width])
            let norms = (0..<latents).map { latent in
                let row = UnsafeBufferPointer(start: decoder.pointer + latent * width, count: width)
                return Float(row.reduce(0.0) { $0 + Double($1) * Double($1) }.squareRoot())
            }
            for latent in 0..<latents {
                bias.pointer[latent] *= norms[latent]
                for row in 0..<width { weights.pointer[row * latents + latent] *= norms[latent] }
            }
        }

        private func tensor(_ name: String, _ shape: [Int]) throws -> FloatBuffer {
            guard let view = file.tensors[name] else {
                throw InputError(
                    "\(path): \(name)",
                    expected: "a tensor \(shape) for architecture \(config.architecture.rawValue)",
                    found: "no such tensor among \(file.tensors.keys.sorted().joined(separator: ", "))")
            }
            guard view.shape == shape else {
                throw InputError("\(path): \(name)", expected: "shape \(shape)", found: "\(view.shape)")
            }
            let buffer = FloatBuffer(view.elementCount)
            try view.widen(into: buffer.all)
            guard buffer.all.allSatisfy(\.isFinite) else {
                throw InputError("\(path): \(name)", expected: "finite numbers", found: "infinities or NaNs")
            }
            return buffer
        }

        /// A tensor that the architecture does not have means that the architecture is not what the file was made for.
        private func refuseStrangers() throws {
            let own: Set<String> =
                switch config.architecture {
                case .standard, .topk: ["b_enc"]
                case .jumprelu: ["b_enc", "threshold"]
                case .gated: ["b_gate", "b_mag", "r_mag"]
                }
            let known = own.union(["W_enc", "W_dec", "b_dec", "scaling_factor"])
            if let stranger = file.tensors.keys.filter({ !known.contains($0) }).sorted().first {
                throw InputError(
                    "\(path): \(stranger)",
                    expected: "only \(known.sorted().joined(separator: ", ")) in a \(config.architecture.rawValue) SAE",
                    found: "this tensor", hint: "is the architecture in cfg.json the right one?")
            }
            if let factor = file.tensors["scaling_factor"], try factor.floats().contains(where: { $0 != 1 }) {
                throw InputError(
                    "\(path): scaling_factor", expected: "all ones", found: "other values",
                    hint: "finetuning scale factors are not supported")
            }
        }
    }
}
