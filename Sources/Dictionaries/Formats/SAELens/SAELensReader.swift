import Compute
import Inputs
import Kernels
import Tensors

/// Reads encoder and decoder from `sae_weights.safetensors`.
struct SAELensReader: DictionaryContents {
    let path: String
    let config: SAELensConfig

    func encoder(layout: SparseAutoencoder.Layout?, isLoaded: Bool, threads: Threads) throws -> SparseAutoencoder {
        try SAELensWeights(path: path, file: SafetensorsFile(path), config: config)
            .encoder(layout: layout, isLoaded: isLoaded, threads: threads)
    }

    func decoderRows(_ latents: [Int]) throws -> [[Float]] {
        try SAELensWeights(path: path, file: SafetensorsFile(path), config: config).decoderRows(latents)
    }
}

/// The opened file.
private struct SAELensWeights {
    let path: String
    let file: SafetensorsFile
    let config: SAELensConfig

    private var width: Int { config.inputWidth }
    private var latents: Int { config.latentCount }

    /// The encoder, its weights in memory or, without `isLoaded`, left in the file.
    func encoder(layout: SparseAutoencoder.Layout?, isLoaded: Bool, threads: Threads) throws -> SparseAutoencoder {
        try refuseStrangers()
        let matrix = try view("W_enc", [width, latents])
        let decoderBias = try tensor("b_dec", [width])
        let bias = config.architecture == .gated ? FloatBuffer(latents) : try tensor("b_enc", [latents])
        let norms = config.rescalesByDecoderNorm ? try decoderNorms() : nil
        if let norms {
            for latent in 0..<latents { bias.pointer[latent] *= norms[latent] }
        }
        let activation = try activation()
        let stored = StoredWeights(matrix, factors: norms, threads: threads)
        let layout = layout ?? .fastest(for: activation, latents: latents, width: width)
        return SparseAutoencoder(
            inputWidth: width, latentCount: latents, normalisation: config.normalisation, activation: activation,
            weights: try isLoaded ? weights(stored, layout, activation, bias: bias) : checked(stored), bias: bias,
            inputBias: config.subtractsDecoderBias ? decoderBias : nil)
    }

    /// Rows of `W_dec`.
    func decoderRows(_ latents: [Int]) throws -> [[Float]] {
        let view = try self.view("W_dec", [self.latents, width])
        return try latents.map { latent in
            var row = [Float](repeating: 0, count: width)
            try row.withUnsafeMutableBufferPointer { try view.widenRow(latent, into: $0) }
            return row
        }
    }

    /// The encoder matrix, read in pieces, so that it is never in memory twice.
    private func weights(
        _ stored: StoredWeights, _ layout: SparseAutoencoder.Layout, _ activation: SparseAutoencoder.Activation,
        bias: FloatBuffer
    ) throws -> SparseAutoencoder.Weights {
        switch layout {
        case .dense:
            let packed = PackedMatrix(columns: latents, inner: width)
            try stored.read(0..<latents, into: packed)
            return .dense(packed)
        case .bounded:
            let rows = FloatBuffer(latents * width)
            try stored.forEachPiece(of: 0..<latents) { piece, stride, range in
                for latent in range {
                    let row = rows.pointer + latent * width
                    let column = piece + (latent - range.lowerBound)
                    for k in 0..<width { row[k] = column[k * stride] }
                }
            }
            return .bounded(
                BoundedWeights(
                    rows: rows, latents: latents, width: width, bias: bias, cut: activation.cut(latents: latents)))
        }
    }

    /// Reads everything once, so that what is wrong with it is known before anything is computed.
    private func checked(_ stored: StoredWeights) throws -> SparseAutoencoder.Weights {
        try stored.forEachPiece(of: 0..<latents) { _, _, _ in }
        return .stored(stored)
    }

    private func activation() throws -> SparseAutoencoder.Activation {
        switch config.architecture {
        case .standard: return .relu
        case .topk: return .topK(config.k)
        case .jumprelu: return .jumpReLU(threshold: try tensor("threshold", [latents]))
        case .gated:
            let magnitude = try tensor("r_mag", [latents])
            for index in 0..<latents {
                magnitude.pointer[index] = Float(elementary_exp(Double(magnitude.pointer[index])))
                guard magnitude.pointer[index].isFinite else {
                    throw InputError(
                        "\(path): r_mag", expected: "numbers whose exponentials float32 can hold", found: "larger ones")
                }
            }
            return .gated(
                gateBias: try tensor("b_gate", [latents]), magnitude: magnitude,
                magnitudeBias: try tensor("b_mag", [latents]))
        }
    }

    /// Lengths of the decoder's rows: top-k by z · ‖decoder row‖ is top-k with these in weights and bias.
    private func decoderNorms() throws -> [Float] {
        let view = try self.view("W_dec", [latents, width])
        let row = FloatBuffer(width)
        return try (0..<latents).map { latent in
            try view.widenRow(latent, into: row.all)
            try requireFinite(row.all, "W_dec")
            return Float(row.all.reduce(0.0) { $0 + Double($1) * Double($1) }.squareRoot())
        }
    }

    private func tensor(_ name: String, _ shape: [Int]) throws -> FloatBuffer {
        let view = try view(name, shape)
        let buffer = FloatBuffer(view.elementCount)
        try view.widen(into: buffer.all)
        try requireFinite(buffer.all, name)
        return buffer
    }

    private func requireFinite(_ values: UnsafeMutableBufferPointer<Float>, _ name: String) throws {
        guard let start = values.baseAddress, !kernels_all_finite(start, values.count) else { return }
        throw InputError("\(path): \(name)", expected: "finite numbers", found: "infinities or NaNs")
    }

    private func view(_ name: String, _ shape: [Int]) throws -> TensorView {
        guard let view = file.tensors[name] else {
            throw InputError(
                "\(path): \(name)",
                expected: "a tensor \(shape) for architecture \(config.architecture.rawValue)",
                found: "no such tensor among \(file.tensors.keys.sorted().joined(separator: ", "))")
        }
        guard view.shape == shape else {
            throw InputError("\(path): \(name)", expected: "shape \(shape)", found: "\(view.shape)")
        }
        return view
    }

    /// A tensor that the architecture does not have shows that cfg.json names another architecture than the file was
    /// made for.
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
