import Prompts

/// How a contrast is tested: by pairs where each prompt of one group has one of the other with the same id, otherwise as two
/// independent groups.
struct ContrastDesign: Sendable {
    let contrast: Contrast
    /// Places of the two groups.
    let (plus, minus): (Int, Int)
    /// Ids that both groups have.
    let matching: Int
    /// For each prompt of the prompt set its partner, or −1; nil where the groups are independent.
    let partners: [Int]?

    /// Nil where a group is not there, which was refused when the job was planned.
    init?(_ contrast: Contrast, groups: PromptGroups, ids: [String]) {
        guard let plus = groups.names.firstIndex(of: contrast.plus),
            let minus = groups.names.firstIndex(of: contrast.minus)
        else { return nil }
        let (left, right) = (groups.places(of: plus, ids: ids), groups.places(of: minus, ids: ids))
        (self.contrast, self.plus, self.minus) = (contrast, plus, minus)
        matching = left.keys.count { right[$0] != nil }
        guard matching == left.count, matching == right.count else {
            partners = nil
            return
        }
        var partners = [Int](repeating: -1, count: ids.count)
        for (id, place) in left {
            guard let other = right[id] else { continue }
            partners[place] = other
            partners[other] = place
        }
        self.partners = partners
    }

    /// A prompt's partner; nil where it has none.
    func partner(of prompt: Int) -> Int? {
        guard let partner = partners?[prompt], partner >= 0 else { return nil }
        return partner
    }
}
