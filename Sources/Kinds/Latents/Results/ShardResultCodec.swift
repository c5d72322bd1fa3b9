import Inputs

/// Shard results as bytes, for the network and the store.
///
/// The letters ADSR, a version (u16), then as variable-length integers the shard, the numbers of prompts, masks, tables
/// and entries, then five columns over all tables: token counts (mask by mask), row lengths (table by table), latents
/// (the first of a row as it is, the others as the difference to the one before), sums (float64 bit patterns), active
/// counts.
public enum ShardResultCodec {
    static let magic = Array("ADSR".utf8)
    static let version: UInt16 = 1
    /// Of a whole encoded result, also after decompression.
    static let mostBytes = 1 << 30
    /// In a job.
    static let mostShards = 1 << 31

    /// The result as bytes, compressed; the same bytes for the same result and the same version of LZ4.
    ///
    /// Throws `ByteError` where the result is not consistent, holds a sum that is not finite, or is too large.
    public static func encode(_ result: ShardResult) throws -> [UInt8] {
        try bytes(of: result, compressing: true)
    }

    /// The content digest: SHA-256 of the result's bytes as they are before compression, so that it is the same on
    /// every machine. Throws as `encode` does.
    public static func digest(of result: ShardResult) throws -> Digest {
        try uncompressed(result).digest
    }

    /// The digest, and the number of bytes that it is of.
    public static func uncompressed(_ result: ShardResult) throws -> (digest: Digest, bytes: Int) {
        let bytes = try bytes(of: result, compressing: false)
        return (Digest(of: bytes), bytes.count)
    }

    /// The result as bytes; uncompressed, a result has these and no others.
    static func bytes(of result: ShardResult, compressing: Bool) throws -> [UInt8] {
        let prompts = result.tables.first?.rowCount ?? result.tokenCounts.first?.count ?? 0
        for counts in result.tokenCounts where counts.count != prompts {
            throw ByteError("result.tokenCounts", expected: "\(prompts) prompts", found: "\(counts.count)")
        }
        var rowLengths: [UInt32] = []
        var steps: [UInt32] = []
        for (at, table) in result.tables.enumerated() {
            try append(table, "result.table \(at)", prompts: prompts, rowLengths: &rowLengths, steps: &steps)
        }
        // Entries take 16 bytes before compression, 4 + 8 + 4; counts and lengths 4 each.
        let counts = result.tokenCounts.flatMap { $0 }
        let size = 16 * steps.count + 4 * (counts.count + rowLengths.count)
        guard size <= ShardResultCodec.mostBytes - 1024 else {
            throw ByteError("result", expected: "at most \(ShardResultCodec.mostBytes) bytes", found: "\(size)")
        }

        var writer = ByteWriter()
        writer.raw(magic)
        writer.fixed(version)
        try writer.integer(result.shard, "result.shard", limit: ShardResultCodec.mostShards)
        for count in [prompts, result.tokenCounts.count, result.tables.count, steps.count] {
            writer.varint(UInt64(count))
        }
        Column.write(counts, compressing: compressing, to: &writer)
        Column.write(rowLengths, compressing: compressing, to: &writer)
        Column.write(steps, compressing: compressing, to: &writer)
        Column.write(result.tables.flatMap { $0.sums.map(\.bitPattern) }, compressing: compressing, to: &writer)
        Column.write(result.tables.flatMap(\.active), compressing: compressing, to: &writer)
        return writer.bytes
    }

    /// Adds a table's row lengths and the steps between its latents.
    private static func append(
        _ table: LatentSums, _ what: String, prompts: Int, rowLengths: inout [UInt32], steps: inout [UInt32]
    ) throws {
        let entries = table.latents.count
        guard table.rowCount == prompts, table.rowStarts.first == 0, table.rowStarts.last == entries,
            table.sums.count == entries, table.active.count == entries
        else {
            throw ByteError(
                what, expected: "\(prompts) rows over \(entries) entries",
                found: "rows \(table.rowStarts.suffix(3)), \(table.sums.count) sums, \(table.active.count) counts")
        }
        guard table.sums.allSatisfy(\.isFinite) else {
            throw ByteError(what, expected: "finite sums", found: "one that is not")
        }
        for (start, end) in zip(table.rowStarts, table.rowStarts.dropFirst()) {
            guard start <= end, end <= entries, let length = UInt32(exactly: end - start) else {
                throw ByteError(what, expected: "ascending row starts", found: "\(start), then \(end)")
            }
            rowLengths.append(length)
            for at in start..<end {
                let latent = table.latents[at]
                guard at == start || latent > table.latents[at - 1] else {
                    throw ByteError(what, expected: "ascending latents", found: "\(latent) at entry \(at)")
                }
                steps.append(at == start ? latent : latent - table.latents[at - 1])
            }
        }
    }
}
