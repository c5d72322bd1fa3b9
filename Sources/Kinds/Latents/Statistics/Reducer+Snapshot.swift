import Foundation
import Inputs
import Prompts

/// All that a reducer has taken in, as bytes: folding on from there gives the same bits as folding from the start.
///
/// The letters ADRC, a version (u16), the digest of job, task and prompts that it belongs to, the next shard (u64), the
/// number of skipped shards (u64) and these (u64 each). Then for every table of the base, by half, the sums (f64) and
/// active counts (u64) of all latents. For every tuned checkpoint, hook and mask the same, then by half counts (u32),
/// means and squares (f64) of the differences. Then, with a permutation test, the number of differences (u64), their
/// prompts and latents (u32) and values (f64).
///
/// Where prompts have groups, the groups' sums of the base follow, then for every tuned checkpoint, hook and mask by group the sums
/// and the moments, and for every contrast of pairs the moments and the number (u64) of prompts that wait: each its place (u64),
/// number of differences (u64), latents (u32) and values (f64), by ascending place.
///
/// At the end SHA-256 of everything before. All little-endian.
extension Reducer {
    private static let magic = Array("ADRC".utf8)
    private static let version: UInt16 = 1
    private static let digestBytes = 32
    /// Letters, version, digest, next shard and number of skipped shards.
    private static let headerBytes = 4 + 2 + digestBytes + 8 + 8

    /// Size of `snapshot` in bytes.
    public var snapshotSize: Int {
        let sums = task.hooks.reduce(0) { $0 + $1.latents } * task.masks.count
        let flips = tuned.reduce(0) { $0 + ($1.flips.map { 8 + 16 * $0.count } ?? 0) }
        let groupCount = groups?.names.count ?? 0
        let pairs = tuned.reduce(0) { $0 + $1.pairs.reduce(0) { $0 + ($1?.snapshotSize ?? 0) } }
        // By half and by group 16 bytes a latent of the base, 36 of a tuned checkpoint.
        return Self.headerBytes + 8 * skipped.count + (2 + groupCount) * sums * (16 + 36 * task.tuned.count) + flips
            + pairs
            + Self.digestBytes
    }

    /// The state as bytes; see above.
    public func snapshot() throws -> [UInt8] {
        var writer = SnapshotWriter(reserving: snapshotSize)
        writer.raw(Self.magic)
        writer.integers([Self.version])
        writer.raw(try owner().bytes)
        writer.number(nextShard)
        writer.number(skipped.count)
        writer.integers(skipped.map(UInt64.init))
        for halves in base { halves.forEach { $0.write(to: &writer) } }
        for sums in tuned {
            sums.sums.forEach { $0.write(to: &writer) }
            sums.moments.forEach { $0.write(to: &writer) }
            sums.flips?.write(to: &writer)
        }
        for sums in groupBase { sums.forEach { $0.write(to: &writer) } }
        for sums in tuned {
            for group in sums.groups {
                group.sums.write(to: &writer)
                group.moments.write(to: &writer)
            }
            for pairs in sums.pairs { pairs?.write(to: &writer) }
        }
        writer.raw(Digest(of: writer.bytes).bytes)
        return writer.bytes
    }

    /// The reducer that made the snapshot. Throws `InputError` for one that is damaged, of another version, or of
    /// another job, task or prompts.
    public init(spec: JobSpec, task: DiffTask, prompts: TokenizedPrompts, snapshot: [UInt8]) throws {
        self.init(spec: spec, task: task, prompts: prompts)
        guard snapshot.count >= Self.headerBytes + Self.digestBytes else {
            throw SnapshotReader.error(
                "size", expected: "\(Self.headerBytes + Self.digestBytes) bytes or more", found: "\(snapshot.count)")
        }
        let body = snapshot.dropLast(Self.digestBytes)
        let digest = body.withUnsafeBytes { Digest(of: $0) }
        guard digest.bytes.elementsEqual(snapshot.suffix(Self.digestBytes)) else {
            throw SnapshotReader.error("digest", expected: "\(digest)", found: "another: it is damaged")
        }
        var reader = SnapshotReader(body)
        try readHeader(from: &reader)
        for slot in base.indices {
            base[slot] = try read(hook: slot / task.masks.count, mask: slot % task.masks.count, from: &reader)
        }
        for slot in tuned.indices { try readTuned(slot, from: &reader) }
        for slot in groupBase.indices {
            let (hook, mask) = (slot / task.masks.count, slot % task.masks.count)
            for group in groupBase[slot].indices {
                groupBase[slot][group] = try readSums(hook: hook, mask: mask, from: &reader)
            }
        }
        for slot in tuned.indices { try readGroups(slot, from: &reader) }
        try reader.end()
    }

    /// What a snapshot belongs to: all that the statistics depend on besides the results.
    private func owner() throws -> Digest {
        let encoder = JSONEncoder()
        encoder.outputFormatting = .sortedKeys
        var writer = SnapshotWriter(reserving: 0)
        for part in [try encoder.encode(spec), try encoder.encode(task)] + ids.map({ Data($0.utf8) }) {
            writer.number(part.count)
            writer.raw(part)
        }
        for counts in tokenCounts { writer.integers(counts) }
        if let groups {
            for name in groups.names {
                writer.number(name.utf8.count)
                writer.raw(name.utf8)
            }
            writer.integers(groups.members.map(UInt64.init))
        }
        writer.integers(plan.shards.map { UInt64($0.lowerBound) })
        return Digest(of: writer.bytes)
    }

    private mutating func readHeader(from reader: inout SnapshotReader) throws {
        guard try reader.raw(Self.magic.count, "letters").elementsEqual(Self.magic) else {
            throw SnapshotReader.error("letters", expected: "ADRC", found: "others")
        }
        let version = try reader.integers(1, "version", as: UInt16.self)[0]
        guard version == Self.version else {
            throw SnapshotReader.error("version", expected: "\(Self.version)", found: "\(version)")
        }
        let (owner, found) = (try owner(), Digest(bytes: try reader.raw(Self.digestBytes, "owner")))
        guard found == owner else {
            throw SnapshotReader.error(
                "owner", expected: "job, task and prompts \(owner)", found: found.map { "\($0)" } ?? "none")
        }
        nextShard = try reader.number(in: 0...shardCount, "next shard")
        let count = try reader.number(in: 0...nextShard, "number of skipped shards")
        for _ in 0..<count {
            let least = (skipped.last ?? -1) + 1
            guard least < nextShard else {
                throw SnapshotReader.error("skipped shards", expected: "ascending ones", found: "others")
            }
            skipped.append(try reader.number(in: least...nextShard - 1, "skipped shard"))
        }
        promptsSkipped = skipped.reduce(0) { $0 + plan.shards[$1].count }
    }

    /// The sums of both halves.
    private func read(hook: Int, mask: Int, from reader: inout SnapshotReader) throws -> [CheckpointSums] {
        try (0...1).map { _ in try readSums(hook: hook, mask: mask, from: &reader) }
    }

    private func readSums(hook: Int, mask: Int, from reader: inout SnapshotReader) throws -> CheckpointSums {
        let tokens = tokenCounts[mask].reduce(0) { $0 + UInt64($1) }
        return try CheckpointSums(from: &reader, latents: task.hooks[hook].latents, tokens: tokens)
    }

    private mutating func readGroups(_ slot: Int, from reader: inout SnapshotReader) throws {
        let (hook, mask) = (slot / task.masks.count % task.hooks.count, slot % task.masks.count)
        let latents = task.hooks[hook].latents
        for group in tuned[slot].groups.indices {
            tuned[slot].groups[group] = GroupSums(
                sums: try readSums(hook: hook, mask: mask, from: &reader),
                moments: try PromptMoments(from: &reader, latents: latents, prompts: ids.count))
        }
        for number in designs.indices where tuned[slot].pairs[number] != nil {
            tuned[slot].pairs[number] = try PairedDifferences(
                from: &reader, latents: latents, prompts: ids.count, isWaiting: isWaiting(for: designs[number]))
        }
    }

    /// Whether a prompt was folded and its partner comes later.
    private func isWaiting(for design: ContrastDesign) -> (Int) -> Bool {
        let done = nextShard > 0 ? plan.shards[nextShard - 1].upperBound : 0
        return { prompt in prompt < done && (design.partner(of: prompt) ?? -1) >= done }
    }

    private mutating func readTuned(_ slot: Int, from reader: inout SnapshotReader) throws {
        let (hook, mask) = (slot / task.masks.count % task.hooks.count, slot % task.masks.count)
        let latents = task.hooks[hook].latents
        tuned[slot].sums = try read(hook: hook, mask: mask, from: &reader)
        tuned[slot].moments = try (0...1).map { _ in
            try PromptMoments(from: &reader, latents: latents, prompts: ids.count)
        }
        if tuned[slot].flips != nil {
            tuned[slot].flips = try SignFlips(from: &reader, latents: latents, prompts: ids.count)
        }
    }
}

extension CheckpointSums {
    fileprivate func write(to writer: inout SnapshotWriter) {
        writer.doubles(sums)
        writer.integers(active)
    }

    fileprivate init(from reader: inout SnapshotReader, latents: Int, tokens: UInt64) throws {
        let sums = try reader.doubles(latents, "sums")
        let active = try reader.integers(latents, "active counts", as: UInt64.self)
        guard active.allSatisfy({ $0 <= tokens }) else {
            throw SnapshotReader.error("active counts", expected: "at most \(tokens)", found: "more")
        }
        self.init(sums: sums, active: active)
    }
}

extension PromptMoments {
    fileprivate func write(to writer: inout SnapshotWriter) {
        writer.integers(counts)
        writer.doubles(means)
        writer.doubles(squares)
    }

    fileprivate init(from reader: inout SnapshotReader, latents: Int, prompts: Int) throws {
        let counts = try reader.integers(latents, "numbers of differences", as: UInt32.self)
        guard counts.allSatisfy({ $0 <= prompts }) else {
            throw SnapshotReader.error("numbers of differences", expected: "at most \(prompts)", found: "more")
        }
        self.init(
            counts: counts, means: try reader.doubles(latents, "means"), squares: try reader.doubles(latents, "squares")
        )
    }
}

extension SignFlips {
    fileprivate func write(to writer: inout SnapshotWriter) {
        writer.number(count)
        writer.integers(prompts)
        writer.integers(latents)
        writer.doubles(differences)
    }

    fileprivate init(from reader: inout SnapshotReader, latents: Int, prompts: Int) throws {
        let count = try reader.number(in: 0...Self.mostDifferences, "number of differences")
        self.init(
            prompts: try reader.integers(count, "prompts of differences"),
            latents: try reader.integers(count, "latents of differences"),
            differences: try reader.doubles(count, "differences"))
        guard self.prompts.allSatisfy({ $0 < prompts }), self.latents.allSatisfy({ $0 < latents }) else {
            throw SnapshotReader.error(
                "differences", expected: "\(prompts) prompts and \(latents) latents", found: "more")
        }
    }
}

extension PairedDifferences {
    fileprivate var snapshotSize: Int { 20 * moments.counts.count + 8 + 16 * waiting.count + 12 * count }

    fileprivate func write(to writer: inout SnapshotWriter) {
        moments.write(to: &writer)
        writer.number(waiting.count)
        for (prompt, differences) in waiting.sorted(by: { $0.key < $1.key }) {
            writer.number(prompt)
            writer.number(differences.values.count)
            writer.integers(differences.latents)
            writer.doubles(differences.values)
        }
    }

    fileprivate init(
        from reader: inout SnapshotReader, latents: Int, prompts: Int, isWaiting: (Int) -> Bool
    ) throws {
        let moments = try PromptMoments(from: &reader, latents: latents, prompts: prompts)
        var waiting: [Int: SparseDifferences] = [:]
        var last = -1
        for _ in 0..<(try reader.number(in: 0...prompts, "number of waiting prompts")) {
            let prompt = try reader.number(in: 0...prompts, "waiting prompt")
            let count = try reader.number(in: 0...latents, "number of differences")
            let differences = SparseDifferences(
                latents: try reader.integers(count, "latents of differences"),
                values: try reader.doubles(count, "differences"))
            guard prompt > last, isWaiting(prompt), differences.latents.allSatisfy({ $0 < latents }),
                zip(differences.latents, differences.latents.dropFirst()).allSatisfy(<)
            else {
                throw SnapshotReader.error(
                    "waiting prompts", expected: "those whose partners come later", found: "others")
            }
            waiting[prompt] = differences
            last = prompt
        }
        self.init(moments: moments, waiting: waiting)
    }
}
