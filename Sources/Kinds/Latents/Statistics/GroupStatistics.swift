import Prompts

/// One result's statistics by group of prompts, and its contrasts between groups.
public struct GroupStatistics: Sendable, Hashable {
    /// What is known of a group besides its columns.
    public struct Group: Sendable, Hashable {
        public var name: String
        public var prompts: Int
        /// Masked tokens.
        public var tokens: Int
        public var fired: Int
    }

    /// How a contrast was tested.
    public struct Tested: Sendable, Hashable {
        public var contrast: Contrast
        /// One-sample t over pairs of prompts; Welch's t of two independent groups otherwise.
        public var isPaired: Bool
        /// Pairs that count; 0 where there are none.
        public var pairs: Int
        /// Ids that both groups have in the prompt set.
        public var matching: Int
    }

    /// By name.
    public var groups: [Group]
    /// In the job's order.
    public var contrasts: [Tested]
    /// `<group>/<column>` for each column of a result, `<contrast>/<column>` for `delta`, `t`, `p`, `q` and, by pairs, `cohens_d`.
    public var columns: LatentColumns
}

/// Sums of one group of prompts under a tuned checkpoint, hook and mask.
struct GroupSums: Sendable {
    var sums: CheckpointSums
    var moments: PromptMoments

    init(latents: Int) {
        (sums, moments) = (CheckpointSums(latents: latents), PromptMoments(latents: latents))
    }

    /// Takes sums as they were.
    init(sums: CheckpointSums, moments: PromptMoments) {
        (self.sums, self.moments) = (sums, moments)
    }
}

extension Reducer {
    /// One result's statistics by group; nil where prompts have none. `counted` are the prompts that count.
    func groupStatistics(tuned checkpoint: Int, hook: Int, mask: Int, counted: [Int]) -> GroupStatistics? {
        guard let groups else { return nil }
        let samples = groups.names.indices.map {
            sample(group: $0, of: groups, tuned: checkpoint, hook: hook, mask: mask, counted: counted)
        }
        var columns = LatentColumns(latents: task.hooks[hook].latents)
        for (name, sample) in zip(groups.names, samples) {
            let own = sample.columns()
            for column in own.names { columns.append("\(name)/\(column)", own[column] ?? []) }
        }
        var tested: [GroupStatistics.Tested] = []
        let sums = tuned[slot(tuned: checkpoint, hook: hook, mask: mask)]
        let counts = Set(counted)
        for (design, paired) in zip(designs, sums.pairs) {
            let (plus, minus) = (samples[design.plus], samples[design.minus])
            var pairs = 0
            let test: MeanTest
            if let paired {
                pairs = counted.count { prompt in
                    groups.members[prompt] == design.plus && design.partner(of: prompt).map(counts.contains) == true
                }
                test = MeanTest(pairs: paired.moments, count: pairs)
            } else {
                test = MeanTest(plus.differences, of: plus.prompts, against: minus.differences, of: minus.prompts)
            }
            let fired = Set(plus.fired).union(minus.fired).sorted()
            for (name, column) in test.columns(fired: fired) {
                columns.append("\(design.contrast.name)/\(name)", column)
            }
            tested.append(
                .init(
                    contrast: design.contrast, isPaired: paired != nil, pairs: pairs, matching: design.matching))
        }
        return GroupStatistics(
            groups: zip(groups.names, samples).map {
                .init(name: $0, prompts: $1.prompts, tokens: Int($1.tokens), fired: $1.fired.count)
            }, contrasts: tested, columns: columns)
    }

    private func sample(
        group: Int, of groups: PromptGroups, tuned checkpoint: Int, hook: Int, mask: Int, counted: [Int]
    ) -> PromptSample {
        let members = counted.filter { groups.members[$0] == group }
        let own = tuned[slot(tuned: checkpoint, hook: hook, mask: mask)].groups[group]
        return PromptSample(
            rule: task.hooks[hook].rule, prompts: members.count,
            tokens: members.reduce(0) { $0 + UInt64(tokenCounts[mask][$1]) },
            base: groupBase[hook * task.masks.count + mask][group], tuned: own.sums, differences: own.moments)
    }
}
