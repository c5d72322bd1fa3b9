import Evaluation

/// A reason to show a token. Models are numbered: 0 the base, i + 1 tuned i.
enum ExemplarGroup: Sendable, Hashable {
    /// The largest activations under a model.
    case strongest(Int)
    /// The smallest under a model; for signed activations only.
    case lowest(Int)
    /// The largest rise from the base to a tuned model.
    case rose(Int)
    /// The largest fall.
    case fell(Int)
    /// The base is silent, the tuned model fires: its largest activations. Not for signed activations.
    case woke(Int)

    /// All groups of a job with so many models.
    static func all(models: Int, rule: ActivationRule) -> [ExemplarGroup] {
        let models = 0..<models
        let own = models.map { strongest($0) } + (rule == .linear ? models.map { lowest($0) } : [])
        return own
            + models.dropFirst().flatMap { model in
                [rose(model), fell(model)] + (rule == .linear ? [] : [woke(model)])
            }
    }

    /// What tokens of the group are sorted by, largest first; nil for a token that is not of the group. `peaks` are its
    /// activations by model.
    func value(_ peaks: some RandomAccessCollection<Float>, rule: ActivationRule) -> Float? {
        func peak(_ model: Int) -> Float { peaks[peaks.index(peaks.startIndex, offsetBy: model)] }
        let value: Float
        switch self {
        case .strongest(let model):
            value = peak(model)
            if rule == .linear { return value }
        case .lowest(let model): return -peak(model)
        case .rose(let model): value = peak(model) - peak(0)
        case .fell(let model): value = peak(0) - peak(model)
        case .woke(let model):
            guard peak(0) == 0 else { return nil }
            value = peak(model)
        }
        return value > 0 ? value : nil
    }

    /// How files name it, with the names of the models.
    func name(_ models: [String]) -> String {
        switch self {
        case .strongest(let model): models[model]
        case .lowest(let model): "\(models[model]).lowest"
        case .rose(let model): "\(models[model]).rose"
        case .fell(let model): "\(models[model]).fell"
        case .woke(let model): "\(models[model]).woke"
        }
    }
}
