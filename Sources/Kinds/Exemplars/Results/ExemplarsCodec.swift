import Evaluation
import Inputs
import Latents

/// Results as bytes, for the network, the store and snapshots.
///
/// The letters ADEX, a version (u16) and a form (0 texts, 1 geometry), then two columns after their lengths: bytes with counts,
/// places and numbers of 64 bits, and numbers of 32 bits. What the columns hold follows from the task.
enum ExemplarsCodec {
    private static let magic = Array("ADEX".utf8)
    private static let version: UInt16 = 1
    /// Of a whole result, also after decompression.
    static let mostBytes = 1 << 30

    /// The result as bytes, compressed. Throws `ByteError` where it is too large.
    static func encode(_ result: ExemplarsResult) throws -> [UInt8] {
        let parts = try Parts(result)
        var writer = head(parts)
        for column in [Column.bytes(of: parts.meta.bytes), Column.bytes(of: parts.numbers)] {
            writer.varint(UInt64(column.count))
            writer.raw(column)
        }
        return writer.bytes
    }

    /// The digest of the result before compression, and the number of bytes that it is of.
    static func content(_ result: ExemplarsResult) throws -> (digest: Digest, bytes: Int) {
        let parts = try Parts(result)
        var writer = head(parts)
        writer.raw(parts.meta.bytes)
        for number in parts.numbers { writer.fixed(number) }
        return (Digest(of: writer.bytes), writer.bytes.count)
    }

    private static func head(_ parts: Parts) -> ByteWriter {
        var writer = ByteWriter()
        writer.raw(magic)
        writer.fixed(version)
        writer.fixed(parts.form)
        writer.varint(UInt64(parts.meta.bytes.count))
        writer.varint(UInt64(parts.numbers.count))
        return writer
    }

    /// Reads a result of a task. Throws `ByteError` for bytes that have not its shape; whether numbers can be true is for
    /// `ExemplarsJudge` to say.
    static func decode(_ bytes: [UInt8], task: ExemplarsTask) throws -> ExemplarsResult {
        var reader = ByteReader(bytes)
        let found = try reader.raw(magic.count, "result.magic")
        guard found.elementsEqual(magic) else {
            throw ByteError("result.magic", expected: "the letters ADEX", found: "bytes \(Array(found))")
        }
        let version: UInt16 = try reader.fixed("result.version")
        guard version == Self.version else {
            throw ByteError("result.version", expected: "\(Self.version)", found: "\(version)")
        }
        let form: UInt8 = try reader.fixed("result.form")
        let (meta, numbers) = (
            try reader.integer("result.meta", limit: mostBytes),
            try reader.integer("result.numbers", limit: mostBytes / 4)
        )
        let metaBytes = try reader.array("result.meta", limit: mostBytes)
        let numberBytes = try reader.array("result.numbers", limit: mostBytes)
        try reader.end("result")
        var columns = Columns(
            meta: ByteReader(try Column.values(in: metaBytes, count: meta, as: UInt8.self)),
            numbers: try Column.values(in: numberBytes, count: numbers, as: UInt32.self)[...])
        let result: ExemplarsResult
        switch form {
        case 0: result = .texts(try task.hooks.map { try columns.exemplars($0, task: task) })
        case 1: result = .geometry(try columns.geometry())
        default: throw ByteError("result.form", expected: "0 or 1", found: "\(form)")
        }
        try columns.meta.end("result.meta")
        guard columns.numbers.isEmpty else {
            throw ByteError("result.numbers", expected: "nothing more", found: "\(columns.numbers.count) numbers left")
        }
        return result
    }
}

/// The columns of a result before compression.
private struct Parts {
    var form: UInt8
    var meta = ByteWriter()
    var numbers: [UInt32] = []

    init(_ result: ExemplarsResult) throws {
        switch result {
        case .texts(let hooks):
            form = 0
            for hook in hooks { try append(hook) }
        case .geometry(let geometry):
            form = 1
            append(geometry)
        }
        guard meta.bytes.count + 4 * numbers.count <= ExemplarsCodec.mostBytes - 1024 else {
            throw ByteError(
                "result", expected: "at most \(ExemplarsCodec.mostBytes) bytes",
                found: "\(meta.bytes.count + 4 * numbers.count)")
        }
    }

    private mutating func append(_ hook: HookExemplars) throws {
        meta.varint(hook.tokens)
        meta.varint(hook.longTokens)
        for latent in hook.latents {
            try meta.optional(latent.scale) { $0.fixed(Int16(clamping: $1.exponent)) }
            guard latent.scale != nil else { continue }
            numbers += latent.largest.map(\.bitPattern)
            for row in latent.histograms { for count in row { meta.varint(count) } }
            try meta.list(latent.exemplars, "exemplars", limit: ExemplarsCodec.mostBytes) { writer, exemplar in
                writer.varint(UInt64(exemplar.sequence))
                writer.varint(UInt64(exemplar.position))
                writer.fixed(exemplar.key)
                writer.varint(UInt64(exemplar.before))
                writer.varint(UInt64(exemplar.width))
            }
            for exemplar in latent.exemplars { numbers += exemplar.activations.map(\.bitPattern) }
        }
    }

    private mutating func append(_ geometry: HookGeometry) {
        meta.varint(UInt64(geometry.latents.count))
        for latent in geometry.latents {
            meta.number(latent.decoderNorm)
            meta.varint(UInt64(latent.neighbours.count))
            for neighbour in latent.neighbours {
                meta.varint(UInt64(neighbour.latent))
                numbers.append(neighbour.cosine.bitPattern)
            }
            for tokens in [latent.lens.highest, latent.lens.lowest] {
                meta.varint(UInt64(tokens.count))
                for token in tokens {
                    meta.varint(UInt64(token.id))
                    numbers += [token.logit.bitPattern, token.z.bitPattern]
                }
            }
        }
        numbers += geometry.cosines.map(\.bitPattern)
    }
}

/// The columns of a result, used up from the front.
private struct Columns {
    var meta: ByteReader
    var numbers: ArraySlice<UInt32>

    private mutating func floats(_ count: Int, _ what: String) throws -> [Float] {
        guard count <= numbers.count else {
            throw ByteError(what, expected: "\(count) numbers", found: "\(numbers.count) left")
        }
        defer { numbers = numbers.dropFirst(count) }
        return numbers.prefix(count).map { Float(bitPattern: $0) }
    }

    private mutating func float(_ what: String) throws -> Float { try floats(1, what)[0] }

    mutating func exemplars(_ hook: ExemplarsTask.Hook, task: ExemplarsTask) throws -> HookExemplars {
        var found = HookExemplars(hook, models: task.modelCount)
        found.tokens = try meta.varint("tokens")
        found.longTokens = try meta.varint("long tokens")
        for place in hook.chosen.indices {
            guard let exponent: Int16 = try meta.optional("scale", each: { try $0.fixed("scale") }) else { continue }
            var latent = found.latents[place]
            latent.scale = ActivationScale(exponent: Int(exponent))
            latent.largest = try floats(task.modelCount, "largest activations")
            for row in latent.histograms.indices {
                for bin in latent.histograms[row].indices { latent.histograms[row][bin] = try meta.varint("a count") }
            }
            let most = task.before + task.after + 1
            latent.exemplars = try meta.list("exemplars", limit: ExemplarsCodec.mostBytes, minimumBytes: 12) { reader in
                Exemplar(
                    sequence: try reader.integer("sequence", limit: Int(UInt32.max)),
                    position: try reader.integer("position", limit: Int(UInt32.max)), key: try reader.fixed("key"),
                    before: try reader.integer("before", limit: most), width: try reader.integer("width", limit: most),
                    activations: [])
            }
            for index in latent.exemplars.indices {
                let width = latent.exemplars[index].width
                guard latent.exemplars[index].before < width else {
                    throw ByteError("width", expected: "above the tokens before", found: "\(width)")
                }
                latent.exemplars[index].activations = try floats(width * task.modelCount, "activations")
            }
            found.latents[place] = latent
        }
        return found
    }

    mutating func geometry() throws -> HookGeometry {
        let count = try meta.integer("latents", limit: ExemplarsSpec.mostLatents)
        var latents: [LatentGeometry] = []
        for _ in 0..<count {
            let norm = try meta.number("decoder norm")
            let neighbours = try (0..<meta.integer("neighbours", limit: DictionaryEvaluator.neighbours)).map { _ in
                LatentGeometry.Neighbour(
                    latent: try meta.integer("neighbour", limit: EvaluatedHook.mostLatents),
                    cosine: try float("cosine"))
            }
            let (highest, lowest) = (try tokens(), try tokens())
            latents.append(
                LatentGeometry(
                    decoderNorm: norm, neighbours: neighbours, lens: .init(highest: highest, lowest: lowest)))
        }
        return HookGeometry(latents: latents, cosines: try floats(count * count, "cosines"))
    }

    private mutating func tokens() throws -> [LatentGeometry.Lens.Token] {
        try (0..<meta.integer("tokens", limit: DictionaryEvaluator.lensTokens)).map { _ in
            .init(id: try meta.integer("token", limit: 1 << 26), logit: try float("logit"), z: try float("z"))
        }
    }
}
