import Cluster
import Compute
import Foundation
import Latents
import Prompts
import Wire

/// How small frames of real data become, and how fast.
struct FrameFigures {
    /// One way to put something into bytes.
    struct Row {
        var name: String
        /// Bytes in memory, of the form that is encoded.
        var raw: Int
        var encoded: Int
        /// MB (10^6 bytes) of raw bytes a second.
        var encode: Spread
        var decode: Spread
    }

    /// How long a speed is measured at a time, and how often.
    private static let seconds = 0.2
    private static let measurements = 7

    private(set) var rows: [Row] = []
    /// What was encoded in the ways that travel: results, and residuals as bfloat16.
    private(set) var encoded: [[UInt8]] = []

    /// Encodes results of a task's shards as they travel, and as the plain arrays that they are.
    mutating func add(_ results: [ShardResult], task: DiffTask, works: [ShardWork]) throws {
        let frames = try results.map(ShardResultCodec.encode)
        let arrays = results.map(Self.arrays)
        let raw = arrays.reduce(0) { $0 + $1.count }
        rows.append(
            Row(
                name: "results: steps, shuffle, LZ4", raw: raw, encoded: frames.reduce(0) { $0 + $1.count },
                encode: try Self.speed(raw) { for result in results { _ = try ShardResultCodec.encode(result) } },
                decode: try Self.speed(raw) {
                    for (frame, work) in zip(frames, works) {
                        _ = try ShardResultCodec.decode(frame, task: task, work: work)
                    }
                }))
        try add("results: plain arrays, LZ4", arrays)
        encoded += frames
    }

    /// Encodes residual streams, one of each shard: float32 without and with the shuffle, and bfloat16.
    mutating func add(_ name: String, residuals: [[Float]]) throws {
        let bits = residuals.map { $0.map(\.bitPattern) }
        try add("\(name): float32, LZ4", bits.map(Self.bytes))
        try add("\(name): float32, shuffle, LZ4", bits)
        let halves = bits.map { $0.map(Self.bfloat16) }
        try add("\(name): bfloat16, LZ4", halves.map(Self.bytes))
        try add("\(name): bfloat16, shuffle, LZ4", halves)
        encoded += halves.map { Column.bytes(of: $0) }
    }

    private mutating func add<Value: FixedWidthInteger>(_ name: String, _ columns: [[Value]]) throws {
        let raw = columns.reduce(0) { $0 + $1.count } * MemoryLayout<Value>.size
        let frames = columns.map { Column.bytes(of: $0) }
        rows.append(
            Row(
                name: name, raw: raw, encoded: frames.reduce(0) { $0 + $1.count },
                encode: Self.speed(raw) { for column in columns { _ = Column.bytes(of: column) } },
                decode: try Self.speed(raw) {
                    for (frame, column) in zip(frames, columns) {
                        _ = try Column.values(in: frame, count: column.count, as: Value.self)
                    }
                }))
    }

    private static func speed(_ bytes: Int, _ body: () throws -> Void) rethrows -> Spread {
        Spread(
            try (0..<measurements).map { _ in
                var times = 0
                let start = ContinuousClock.now
                var elapsed = 0.0
                while elapsed < seconds {
                    try body()
                    times += 1
                    elapsed = (ContinuousClock.now - start) / .seconds(1)
                }
                return Double(bytes) * Double(times) / elapsed / 1e6
            })
    }

    /// Counts, offsets, latents, sums and active counts, one behind the other.
    private static func arrays(_ result: ShardResult) -> [UInt8] {
        result.tokenCounts.flatMap(bytes)
            + result.tables.flatMap { table in
                bytes(table.rowStarts.map { UInt32(truncatingIfNeeded: $0) }) + bytes(table.latents)
                    + bytes(table.sums.map(\.bitPattern)) + bytes(table.active)
            }
    }

    /// As they stand in memory. A column of bytes is not shuffled.
    private static func bytes(_ values: [some FixedWidthInteger]) -> [UInt8] {
        values.withUnsafeBytes { Array($0) }
    }

    /// To the nearest, ties to even.
    private static func bfloat16(_ bits: UInt32) -> UInt16 {
        UInt16(truncatingIfNeeded: (bits &+ 0x7fff &+ (bits >> 16 & 1)) >> 16)
    }
}
