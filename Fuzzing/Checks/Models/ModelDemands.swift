import Inputs
import Tensors

@testable import Models

/// What must hold for a model that was opened, of whatever form.
enum ModelDemands {
    /// Tensors of a model that are looked at, and numbers of one that are read.
    private static let (mostTensors, mostNumbers) = (64, 1 << 16)

    static func check(_ checkpoint: Checkpoint) throws {
        try check(checkpoint.architecture)
        for slot in checkpoint.architecture.slots.prefix(mostTensors) {
            guard let tensor = try accepted({ try checkpoint.tensor(slot) }) else { continue }
            try demand(tensor.shape == checkpoint.architecture.shape(of: slot), "\(slot) of another shape")
            try check(tensor)
        }
        for file in checkpoint.files { try demand(try Presence.isThere(file), "no such file: \(file)") }
    }

    static func check(_ architecture: Architecture) throws {
        let attention = architecture.attention
        let sizes = [
            architecture.vocabularySize, architecture.hiddenSize, architecture.contextLength,
            architecture.feedForward.width, attention.headCount, attention.keyValueHeadCount, attention.headSize,
        ]
        try demand(sizes.allSatisfy { 1...Architecture.largestSize ~= $0 }, "sizes \(sizes)")
        try demand(1...Architecture.mostLayers ~= architecture.layerCount, "\(architecture.layerCount) layers")
        try demand(attention.headCount.isMultiple(of: attention.keyValueHeadCount), "a group of heads is broken")
        try demand(attention.headSize.isMultiple(of: 2), "heads of an odd size")
        try demand(attention.windows.count == architecture.layerCount, "a window is missing")
        try demand(attention.windows.allSatisfy { $0 ?? 1 > 0 }, "a window of nothing")
        try demand(attention.scale.isFinite && attention.rotary.theta.isFinite, "a factor is not finite")
        try demand(architecture.norm.epsilon.isFinite, "an epsilon is not finite")
        try demand(architecture.computes(like: architecture), "a model that differs from itself")
    }

    /// What is read is as much as the shape says, as a whole and by rows.
    static func check(_ tensor: TensorView) throws {
        guard tensor.elementCount <= mostNumbers, let numbers = try accepted({ try tensor.floats() }) else { return }
        try demand(numbers.count == tensor.elementCount, "\(numbers.count) numbers of \(tensor.shape)")
        try demand(tensor.shape.reduce(1, *) == tensor.elementCount, "\(tensor.elementCount) of \(tensor.shape)")
        try demand(try tensor.isStoredAs(tensor), "a tensor differs from itself")
        guard tensor.shape.count == 2, let rows = tensor.shape.first, rows > 0 else { return }
        var row = [Float](repeating: 0, count: tensor.shape[1])
        let isRead: ()? = try accepted {
            try row.withUnsafeMutableBufferPointer { try tensor.widenRow(rows - 1, into: $0) }
        }
        // Rows of parts of blocks cannot be read alone.
        guard isRead != nil else { return }
        try demand(
            row.map(\.bitPattern) == numbers.suffix(row.count).map(\.bitPattern), "a row differs from the whole")
    }
}
