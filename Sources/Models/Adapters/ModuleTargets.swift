import Inputs

/// Which modules of a model an adapter's configuration names, by PEFT's rules (`check_target_module_exists`).
struct ModuleTargets {
    /// `target_modules` or `exclude_modules`.
    private enum Selection {
        /// A module's whole path, or its end after a dot.
        case names([String])
        /// The whole path matches.
        case pattern(PythonPattern)
        /// "all-linear": every linear layer but the output head.
        case allLinear
    }

    private let targets: Selection
    private let excluded: Selection?
    /// `layers_to_transform`; nil for all.
    private let layers: Set<Int>?
    /// Finds the layer's index in a path; the first pattern that matches counts.
    private let layerPatterns: [PythonPattern]

    init(_ config: Document, layerCount: Int) throws {
        let stated = try config.required("target_modules")
        if case .string(let text) = stated.value, text.lowercased() == "all-linear" {
            targets = .allLinear
        } else {
            targets = try Self.selection(stated)
        }
        excluded = try config.optional("exclude_modules").map(Self.selection)
        layers = try Self.layers(config, layerCount: layerCount)
        layerPatterns = try Self.layerPatterns(config, hasLayers: layers != nil)
        if case .string = stated.value {
            for key in ["layers_to_transform", "layers_pattern"] {
                guard let other = try config.optional(key) else { continue }
                throw other.error(expected: "none beside target_modules as a pattern", hint: "PEFT refuses it as well")
            }
        }
    }

    /// Whether the adapter adapts the module at this path. `isLinear` is true for linear layers of attention and feed-forward.
    func include(_ module: String, isLinear: Bool) -> Bool {
        if let excluded, Self.matches(excluded, module, isLinear: isLinear) { return false }
        guard Self.matches(targets, module, isLinear: isLinear) else { return false }
        // A module that is listed by its whole path is adapted whatever layers_to_transform says.
        guard let layers, case .names(let names) = targets, !names.contains(module) else { return true }
        for pattern in layerPatterns {
            if let index = pattern.group("idx", in: module) { return Int(index).map(layers.contains) ?? false }
        }
        return false
    }

    private static func matches(_ selection: Selection, _ module: String, isLinear: Bool) -> Bool {
        switch selection {
        case .names(let names): names.contains { module == $0 || module.hasSuffix(".\($0)") }
        case .pattern(let pattern): pattern.matchesStart(of: module)
        case .allLinear: isLinear
        }
    }

    private static func selection(_ stated: Document) throws -> Selection {
        guard case .string(let text) = stated.value else { return .names(try stated.list().map { try $0.string() }) }
        return .pattern(try PythonPattern(text, prefix: "(?:", suffix: ")\\z", place: stated.place))
    }

    /// One index or a list; an empty list means all.
    private static func layers(_ config: Document, layerCount: Int) throws -> Set<Int>? {
        guard let stated = try config.optional("layers_to_transform") else { return nil }
        var indices: Set<Int> = []
        let elements: [Document]
        if case .integer = stated.value { elements = [stated] } else { elements = try stated.list() }
        for element in elements {
            guard 0..<layerCount ~= (try element.integer()) else {
                throw element.error(
                    expected: "a layer from 0 to \(layerCount - 1), which the model has",
                    hint: "the adapter was trained on another model")
            }
            indices.insert(try element.integer())
        }
        return indices.isEmpty ? nil : indices
    }

    private static func layerPatterns(_ config: Document, hasLayers: Bool) throws -> [PythonPattern] {
        var stated: [Document] = []
        if let found = try config.optional("layers_pattern") {
            if case .string(let text) = found.value {
                stated = text.isEmpty ? [] : [found]
            } else {
                stated = try found.list()
            }
            guard stated.isEmpty || hasLayers else {
                throw found.error(expected: "layers_to_transform beside it", hint: "PEFT refuses it as well")
            }
        }
        guard !stated.isEmpty else {
            return [try PythonPattern(".*?\\.[^.]*\\.(?<idx>\\d+)\\.", place: config.place)]
        }
        return try stated.map {
            try PythonPattern(
                try $0.string(), prefix: "(?:^|.*?\\.)", suffix: "\\.(?<idx>\\d+)\\.", place: $0.place)
        }
    }
}
