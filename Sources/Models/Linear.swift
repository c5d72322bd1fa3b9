/// A linear layer of a transformer layer.
public enum Linear: Int, Sendable, Hashable, CaseIterable {
    case query, key, value, attentionOutput, gate, up, down

    /// Those that read the same input.
    public var group: LinearGroup {
        switch self {
        case .query, .key, .value: .attentionInput
        case .attentionOutput: .attentionOutput
        case .gate, .up: .feedForwardInput
        case .down: .feedForwardOutput
        }
    }
}

/// Linear layers that read the same input.
public enum LinearGroup: Int, Sendable, Hashable, CaseIterable {
    /// Read the normalised stream before attention, and what attention gave.
    case attentionInput, attentionOutput
    /// Read the normalised stream before the feed-forward layer, and what its activation gave.
    case feedForwardInput, feedForwardOutput
}

extension Architecture {
    /// A group's linear layers, in the order of their outputs.
    public func linears(of group: LinearGroup) -> [Linear] {
        switch group {
        case .attentionInput: [.query, .key, .value]
        case .attentionOutput: [.attentionOutput]
        case .feedForwardInput:
            switch feedForward.kind {
            case .gated: [.gate, .up]
            }
        case .feedForwardOutput: [.down]
        }
    }

    /// All linear layers of a layer.
    public var linears: [Linear] { LinearGroup.allCases.flatMap(linears(of:)) }

    /// Width of what a group reads.
    public func inputWidth(of group: LinearGroup) -> Int {
        switch group {
        case .attentionInput, .feedForwardInput: hiddenSize
        case .attentionOutput: attention.queryWidth
        case .feedForwardOutput: feedForward.width
        }
    }

    /// Width of what a linear layer gives.
    public func outputWidth(of linear: Linear) -> Int {
        switch linear {
        case .query: attention.queryWidth
        case .key, .value: attention.keyWidth
        case .attentionOutput, .down: hiddenSize
        case .gate, .up: feedForward.width
        }
    }
}
