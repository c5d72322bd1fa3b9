import Foundation
import Inputs
import Prompts

/// What a bundle tells of single prompts, as it is written: `prompts.json`, `prompts.safetensors` and a file for each result.
/// The manifest does not list them, so that it is what it was before there were any; `prompts.json` has their digests, and the
/// manifest's.
struct PromptRecordsDraft {
    /// What is known of the prompts before the results are written.
    struct Content {
        /// Of the prompts that count, in the job's order.
        var ids: [String]
        /// Their positions among all prompts of the job.
        var positions: [Int]
        /// Of all prompts of the job; nil where they have none.
        var groups: PromptGroups?
        /// Among all prompts of the job; nil where nobody looked.
        var duplicates: PromptDuplicates?
        /// Masked tokens of each, in the order of the job's masks.
        var tokens: [(mask: TokenMask, counts: [UInt32])]
        /// In the order of the results.
        var kept: [KeptDifferences]
        /// Values that there was room for in a result.
        var room: Int
    }

    private let content: Content
    private let folder: NewFolder
    private var files: [String: Document.Value] = [:]
    private var results: [Document.Value] = []

    /// Without results.
    init(_ content: Content, in folder: NewFolder) {
        (self.content, self.folder) = (content, folder)
    }

    /// Writes the next result's file. Throws `InputError` for more results than were kept.
    mutating func add(_ diff: LatentDiff) throws {
        guard results.count < content.kept.count else {
            throw InputError(
                "result \(diff.fileName)", expected: "\(content.kept.count) results with differences by prompt",
                found: "one more")
        }
        let kept = content.kept[results.count]
        let shape = [kept.latents.count, kept.prompts]
        let arrays = ArrayFile([
            .init(name: "latents", shape: [kept.latents.count], values: .integers(kept.latents)),
            .init(name: "d", shape: shape, values: .doubles(kept.values)),
        ])
        let metadata = [
            "format": PromptRecords.format, "tuned": diff.tuned, "hook": diff.hook, "mask": diff.mask.rawValue,
        ]
        try write(arrays.bytes(metadata: metadata), to: PromptRecords.file(of: diff.fileName))
        var members: [String: Document.Value] = [
            "tuned": .string(diff.tuned), "hook": .string(diff.hook), "mask": .string(diff.mask.rawValue),
            "latents": .integer(kept.latents.count), "left_out": .integer(kept.leftOut),
        ]
        if kept.leftOut > 0 {
            members["why"] = .string(
                "there is room for \(content.room) differences: \(content.room / max(1, kept.prompts)) latents of "
                    + "\(kept.prompts) prompts")
        }
        if let groups = diff.groups {
            try write(
                ColumnFile.bytes(groups.columns, metadata: metadata), to: PromptRecords.groupsFile(of: diff.fileName))
            members["groups"] = .array(groups.groups.map(\.record))
            members["contrasts"] = .array(groups.contrasts.map(\.record))
        }
        results.append(.object(members))
    }

    /// Writes the two files that are about all results.
    mutating func finish(manifest: Digest) throws {
        let count = content.ids.count
        let groups = content.groups.map { groups in content.positions.map { groups.members[$0] } }
        let arrays =
            [ArrayFile.Member(name: "position", shape: [count], values: .integers(content.positions))]
            + content.tokens.map {
                .init(name: "tokens.\($0.mask.rawValue)", shape: [count], values: .integers($0.counts.map(Int.init)))
            } + (groups.map { [.init(name: "group", shape: [count], values: .integers($0))] } ?? [])
        try write(ArrayFile(arrays).bytes(metadata: ["format": PromptRecords.format]), to: PromptRecords.numbersFile)
        var members: [String: Document.Value] = [
            "format": .string(PromptRecords.format), "format_version": .integer(PromptRecords.version),
            "manifest": .string(manifest.description), "ids": .array(content.ids.map { .string($0) }),
            "results": .array(results), "files": .object(files),
        ]
        if let groups = content.groups { members["groups"] = .array(groups.names.map { .string($0) }) }
        if let duplicates = content.duplicates { members["duplicates"] = duplicates.record }
        try folder.write(Data(CanonicalJSON.text(.object(members)).utf8), to: PromptRecords.file)
    }

    private mutating func write(_ data: Data, to name: String) throws {
        try folder.write(data, to: name)
        files[name] = .string(data.withUnsafeBytes { Digest(of: $0) }.description)
    }
}

extension GroupStatistics.Group {
    /// As it stands in `prompts.json`.
    fileprivate var record: Document.Value {
        .object([
            "name": .string(name), "prompts": .integer(prompts), "tokens": .integer(tokens), "fired": .integer(fired),
        ])
    }
}

extension GroupStatistics.Tested {
    /// As it stands in `prompts.json`.
    fileprivate var record: Document.Value {
        var members: [String: Document.Value] = [
            "name": .string(contrast.name), "plus": .string(contrast.plus), "minus": .string(contrast.minus),
            "test": .string(isPaired ? "paired" : "welch"), "pairs": .integer(pairs),
            "matching_ids": .integer(matching),
        ]
        if !isPaired, matching > 0 {
            members["why"] = .string("only some ids are in both groups: the two are taken for independent")
        }
        return .object(members)
    }
}

extension PromptDuplicates {
    /// As it stands in `prompts.json`; prompts by their positions in the job.
    fileprivate var record: Document.Value {
        .object([
            "exact": .integer(exact), "near": near.map { .integer($0) } ?? .null,
            "pairs": .array(
                pairs.map { pair in
                    .object([
                        "position": .integer(pair.position), "earlier": .integer(pair.earlier),
                        "exact": .bool(pair.isExact),
                    ])
                }),
        ])
    }
}
