import Foundation
import Latents

extension SplitHalf {
    /// In words. `by` is what the job ranks by, which decides the latents that are tested.
    func text(by: RankKey) -> String {
        guard promptsA > 0, promptsB > 0 else {
            return "split half: all prompts are in one half, so that nothing is tested"
        }
        var text = """
            split half: of the \(tested) latents that half A (\(promptsA) prompts) ranks first by \(by.rawValue), \(sameSign) moved the \
            same way in half B (\(promptsB) prompts), \(qBelow) with q < 0.05
            """
        if let spearman { text += String(format: "; Spearman's ρ of delta %.2f", spearman) }
        return text
    }
}
