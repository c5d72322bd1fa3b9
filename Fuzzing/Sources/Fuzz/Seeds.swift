import Foundation
import Inputs
@testable import Latents
import TestSupport
@testable import Wire

/// What a fuzzer starts from, most of it made by the encoders themselves: every kind of message, every form of frame.
enum Seeds {
    /// Writes the seeds of a target, a file each.
    static func write(_ target: Fuzz.Target, into folder: String) throws {
        let seeds =
            switch target {
            case .messages: try messages()
            case .frames: try frames()
            case .texts: try texts()
            case .files: try files()
            }
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        for (at, seed) in seeds.enumerated() {
            try Data(seed).write(to: URL(fileURLWithPath: "\(folder)/seed-\(at)"))
        }
    }

    /// Two of every kind, without checksum.
    private static func messages() throws -> [[UInt8]] {
        var samples = Samples(seed: 1)
        return try (0..<2).flatMap { _ in
            try samples.toCoordinator().map { try $0.encoded() } + samples.fromCoordinator().map { try $0.encoded() }
        }
        .map { Array($0.dropLast(MessageHeader.checksumBytes)) }
    }

    /// Results of all jobs and columns of all widths, compressed and not.
    private static func frames() throws -> [[UInt8]] {
        var samples = Samples(seed: 2)
        var seeds: [[UInt8]] = []
        for (at, job) in FrameChecks.jobs.enumerated() {
            let result = samples.result(job.task, job.work)
            for compressing in [false, true] {
                seeds.append([UInt8(at)] + (try ShardResultCodec.bytes(of: result, compressing: compressing)))
            }
        }
        for compressing in [false, true] {
            let counts = (0..<64).map { $0 % 7 }
            seeds.append(column(0, counts.map { UInt8($0) }, compressing))
            seeds.append(column(1, counts.map { UInt16($0) }, compressing))
            seeds.append(column(2, counts.map { UInt32($0) }, compressing))
            seeds.append(column(3, counts.map { Double($0).bitPattern }, compressing))
        }
        return seeds
    }

    private static func column(_ width: UInt8, _ values: [some FixedWidthInteger], _ compressing: Bool) -> [UInt8] {
        var writer = ByteWriter()
        Column.write(values, compressing: compressing, to: &writer)
        return [UInt8(FrameChecks.jobs.count), width, UInt8(values.count), 0] + writer.bytes
    }

    /// What NumPy and safetensors wrote; scripts/fuzz runs in the folder of the package.
    private static func files() throws -> [[UInt8]] {
        let folder = "Tests/DictionariesTests/Goldens/directions"
        return try FileManager.default.contentsOfDirectory(atPath: folder).sorted().map {
            Array(try Data(contentsOf: URL(fileURLWithPath: "\(folder)/\($0)")))
        }
    }

    /// In the order of the decoders.
    private static func texts() throws -> [[UInt8]] {
        // Keys that anybody may know: 32 times the same byte.
        let keys = (1...3).compactMap { PublicKey(bytes: [UInt8](repeating: $0, count: 32)) }
        let list = """
            # two of them
            \(KeyFiles.publicLine(of: keys[0], role: .worker, name: "node-7"))
            \(KeyFiles.publicLine(of: keys[1], role: .operator, name: "ada"))
            """
        let secret = "# secret\n" + KeyLine.text(tag: KeyLine.secretTag, role: .worker, name: "w", key: keys[2].text)
        let coordinator = KeyFiles.publicLine(of: keys[0], role: .coordinator, name: "c")
        let anchors = "masks: &m [all]\nseed: 0x1f\nname: |-\n  a\n  b\nbase: *m\n<<: {x: !!int '3', y: ~}\n"
        let aliases = "a: &a [x, x, x]\nb: &b [*a, *a, *a]\nc: {? *b : [*b, *b], ? {d: *a}\n: &a y}\n"
        let texts = [
            (0, list), (1, secret), (2, coordinator), (3, keys[0].text), (3, "job-1"),
            (3, "\(InstanceID(high: 1, low: 2))"), (3, "tcp://127.0.0.1:5611"), (3, "tcp://[::1]:*"),
            (4, SmallFold.spec), (4, anchors), (4, aliases),
            (6, "GET /api/v1/jobs/a?b=c HTTP/1.1\r\nHost: [::1]:5613\r\nContent-Length: 3\r\n\r\nabc"),
            (6, "HEAD / HTTP/1.0\r\nA:\t b \r\n\r\n"),
        ]
        return texts.map { [UInt8($0.0)] + Array($0.1.utf8) }
            + (try TextChecks.fold.snapshots().map { [5] + $0.dropLast(32) })
    }
}
