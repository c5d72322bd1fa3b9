import Inputs

/// A split-half test in a bundle's manifest.
extension SplitHalf {
    var manifest: Document.Value {
        .object([
            "prompts_a": .integer(promptsA),
            "prompts_b": .integer(promptsB),
            "tested": .integer(tested),
            "same_sign": .integer(sameSign),
            "p_below_0.05": .integer(pBelow),
            "q_below_0.05": .integer(qBelow),
            "spearman": spearman.map { .number($0) } ?? .null,
        ])
    }

    /// Reads what `manifest` made. Throws `InputError` for anything else.
    init(manifest: Document) throws {
        func count(_ key: String) throws -> Int { try manifest.required(key).integer(atLeast: 0) }
        promptsA = try count("prompts_a")
        promptsB = try count("prompts_b")
        tested = try count("tested")
        sameSign = try count("same_sign")
        pBelow = try count("p_below_0.05")
        qBelow = try count("q_below_0.05")
        spearman = try manifest.optional("spearman")?.number()
    }
}
