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

    /// Modules that a configuration may list by name: far more than a model has.
    private static let mostNames = 1 << 16

    init(_ config: Document, layerCount: Int, effort: PythonPattern.Effort) throws {
        let stated = try config.required("target_modules")
        if case .string(let text) = stated.value, text.lowercased() == "all-linear" {
            targets = .allLinear
        } else {
            targets = try Self.selection(stated, effort)
        }
        excluded = try config.optional("exclude_modules").map { try Self.selection($0, effort) }
        layers = try Self.layers(config, layerCount: layerCount)
        layerPatterns = try Self.layerPatterns(config, hasLayers: layers != nil, effort)
        if case .string = stated.value {
            for key in ["layers_to_transform", "layers_pattern"] {
                guard let other = try config.optional(key) else { continue }
                throw other.error(expected: "none beside target_modules as a pattern", hint: "PEFT refuses it as well")
            }
        }
    }

    /// Whether the adapter adapts the module at this path. `isLinear` is true for linear layers of attention and feed-forward.
    /// Throws `InputError` for a pattern that cannot be matched within its limits.
    func include(_ module: String, isLinear: Bool) throws -> Bool {
        if let excluded, try Self.matches(excluded, module, isLinear: isLinear) { return false }
        guard try Self.matches(targets, module, isLinear: isLinear) else { return false }
        // A module that is listed by its whole path is adapted whatever layers_to_transform says.
        guard let layers, case .names(let names) = targets, !names.contains(module) else { return true }
        for pattern in layerPatterns {
            if let index = try pattern.group("idx", in: module) { return Int(index).map(layers.contains) ?? false }
        }
        return false
    }

    private static func matches(_ selection: Selection, _ module: String, isLinear: Bool) throws -> Bool {
        switch selection {
        case .names(let names): names.contains { module == $0 || module.hasSuffix(".\($0)") }
        case .pattern(let pattern): try pattern.matchesStart(of: module)
        case .allLinear: isLinear
        }
    }

    private static func selection(_ stated: Document, _ effort: PythonPattern.Effort) throws -> Selection {
        guard case .string(let text) = stated.value else {
            let names = try stated.list()
            guard names.count <= mostNames else {
                throw stated.error(expected: "at most \(mostNames) modules")
            }
            return .names(try names.map { try $0.string() })
        }
        return .pattern(try PythonPattern(text, prefix: "(?:", suffix: ")\\z", effort: effort, place: stated.place))
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

    private static func layerPatterns(
        _ config: Document, hasLayers: Bool, _ effort: PythonPattern.Effort
    ) throws -> [PythonPattern] {
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
            return [try PythonPattern(".*?\\.[^.]*\\.(?<idx>\\d+)\\.", effort: effort, place: config.place)]
        }
        guard stated.count <= AdapterConfig.mostPatterns else {
            throw InputError(
                stated[0].place, expected: "at most \(AdapterConfig.mostPatterns) patterns", found: "\(stated.count)")
        }
        return try stated.map {
            try PythonPattern(
                try $0.string(), prefix: "(?:^|.*?\\.)", suffix: "\\.(?<idx>\\d+)\\.", effort: effort, place: $0.place)
        }
    }
}
