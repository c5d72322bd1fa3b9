import Cluster
import Compute
import Evaluation
import Foundation
import Inputs
import Latents
import Wire
import Work

/// Measures what becomes of real results on their way: their size, the speed of the codec, and that of the sockets.
public struct TransportBench {
    /// What is measured.
    public struct Order: Sendable {
        /// The job whose first shards are computed.
        public var source: JobSource
        public var latents: LatentsKind
        public var shards: Int
        public var threads: Int
        /// How often each kind of stream is measured.
        public var rounds: Int
        /// Bytes of a stream of large pieces; one of small pieces has an eighth.
        public var bytes: Int
        /// Where keys are made; removed afterwards.
        public var folder: String

        /// Names the parts.
        public init(
            source: JobSource, latents: LatentsKind, shards: Int, threads: Int, rounds: Int, bytes: Int,
            folder: String
        ) {
            self.source = source
            self.latents = latents
            self.shards = shards
            self.threads = threads
            self.rounds = rounds
            self.bytes = bytes
            self.folder = folder
        }
    }

    /// A way to send pieces, and what it took in each round.
    private struct Stream {
        var name: String
        var send: ([[UInt8]], Int) throws -> Double
        /// MB a second.
        var rates: [Double] = []
        var framesPerSecond: [Double] = []
        /// Processor seconds of both ends for 10^9 bytes.
        var processor: [Double] = []
        /// Rate over that of the first stream in the same round.
        var ratios: [Double] = []
    }

    private let order: Order

    /// Nothing computed yet.
    public init(_ order: Order) {
        self.order = order
    }

    /// Computes, measures, and returns what was found as text. Throws `InputError`, `ByteError` or `ZeroMQError`.
    public func run() throws -> String {
        defer { try? FileManager.default.removeItem(atPath: order.folder) }
        let figures = try frames()
        let small = try streams(Self.pieces(figures.encoded, of: 1 << 10), bytes: order.bytes / 8)
        let large = try streams(Self.pieces(figures.encoded, of: WireLimits.partBytes), bytes: order.bytes)
        return [Self.text(figures), Self.text(large, "256 KiB"), Self.text(small, "1 KiB")].joined(separator: "\n\n")
    }

    private func frames() throws -> FrameFigures {
        let (task, all) = try order.latents.opened(order.source)
        let works = Array(all.prefix(order.shards))
        let evaluator = try ShardEvaluator(task, threads: Threads(order.threads))
        var figures = FrameFigures()
        try figures.add(works.map { try evaluator.evaluate($0) {} }, task: task, works: works)
        let streams = try works.map { try evaluator.residuals($0, hook: 0) }
        try figures.add("base", residuals: streams.map { $0[0] })
        for (at, tuned) in task.tuned.enumerated() {
            try figures.add(
                "\(tuned.name) - base", residuals: streams.map { zip($0[at + 1], $0[0]).map { $0 - $1 } })
        }
        return figures
    }

    /// Equal pieces of all the bytes one behind the other, from the beginning again where they are too few for one.
    private static func pieces(_ frames: [[UInt8]], of size: Int) -> [[UInt8]] {
        var bytes = Array(frames.joined())
        while bytes.count < size { bytes += bytes }
        return stride(from: 0, through: bytes.count - size, by: size).map { Array(bytes[$0..<$0 + size]) }
    }

    /// Sends the same pieces in each way, in turn, and each round begins with another way.
    private func streams(_ pieces: [[UInt8]], bytes: Int) throws -> [Stream] {
        let keys = try BenchKeys(folder: order.folder)
        let client = try KeySources(environment: [:]).client(key: keys.worker.key, serverKey: keys.worker.server)
        guard let client, let size = pieces.first?.count else { return [] }
        defer { try? FileManager.default.removeItem(atPath: order.folder) }
        var streams = [
            Stream(name: "libzmq alone", send: try PlainStream(encrypted: false).seconds),
            Stream(name: "libzmq alone, CURVE", send: try PlainStream(encrypted: true).seconds),
            Stream(name: "actdiff", send: PartStream().seconds),
            Stream(name: "actdiff, CURVE", send: PartStream(keys: (keys.server, client)).seconds),
        ]
        let count = max(2, bytes / size)
        for round in 0..<order.rounds {
            for step in streams.indices {
                let at = (round + step) % streams.count
                let before = ProcessUse.now()
                let seconds = try streams[at].send(pieces, count)
                let use = ProcessUse.now().since(before)
                // The first one's arrival is where time begins.
                streams[at].framesPerSecond.append(Double(count - 1) / seconds)
                streams[at].rates.append(Double((count - 1) * size) / seconds / 1e6)
                streams[at].processor.append(use.processor / Double(count * size) * 1e9)
            }
            for at in streams.indices { streams[at].ratios.append(streams[at].rates[round] / streams[0].rates[round]) }
        }
        return streams
    }

    private static func text(_ figures: FrameFigures) -> String {
        let head = columns(["frames", "raw KB", "encoded KB", "ratio", "encode MB/s", "decode MB/s"], first: 38)
        let rows = figures.rows.map { row in
            columns(
                [
                    row.name, "\(row.raw / 1000)", "\(row.encoded / 1000)",
                    String(format: "%.3f", Double(row.raw) / Double(row.encoded)), row.encode.text(0),
                    row.decode.text(0),
                ], first: 38)
        }
        return ([head] + rows).joined(separator: "\n")
    }

    private static func text(_ streams: [Stream], _ size: String) -> String {
        let head = columns(["parts of \(size)", "frames/s", "MB/s", "to libzmq", "CPU s/GB"], first: 20)
        let rows = streams.map { stream in
            columns(
                [
                    stream.name, Spread(stream.framesPerSecond).text(0), Spread(stream.rates).text(0),
                    Spread(stream.ratios).text(2), Spread(stream.processor).text(1),
                ], first: 20)
        }
        return ([head] + rows).joined(separator: "\n")
    }

    /// The first one to the left, the others to the right.
    private static func columns(_ cells: [String], first: Int) -> String {
        cells.enumerated().map { at, cell in
            let blanks = String(repeating: " ", count: max(0, (at == 0 ? first : 24) - cell.count))
            return at == 0 ? cell + blanks : blanks + cell
        }.joined()
    }
}
