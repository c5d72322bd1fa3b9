import Inputs

/// The rotary embedding as a `config.json` states it: `rope_theta` and `rope_scaling` (transformers 4), or both in
/// `rope_parameters` (transformers 5).
struct RopeSettings {
    let rotary: Rotary

    init(_ keys: ConfigKeys) throws {
        try keys.expect(
            "partial_rotary_factor", .integer(1), hint: "rotary embedding of a part of each head is not supported")
        let original = try keys.optional("original_max_position_embeddings")
        let stated = try Self.statement(in: keys)
        rotary = Rotary(
            theta: try Self.theta(keys, stated),
            scaling: try stated.map { try Self.scaling($0, outerOriginal: original) } ?? .none)
    }

    /// The one object that describes the rotary embedding, nil without one.
    private static func statement(in keys: ConfigKeys) throws -> Document? {
        let old = try keys.optional("rope_scaling").flatMap { try $0.object().isEmpty ? nil : $0 }
        let new = try keys.optional("rope_parameters").flatMap { try $0.object().isEmpty ? nil : $0 }
        if let old, new != nil {
            throw old.error(expected: "rope_scaling or rope_parameters", hint: "both are there: remove one")
        }
        return old ?? new
    }

    private static func theta(_ keys: ConfigKeys, _ stated: Document?) throws -> Double {
        let outer = try keys.optional("rope_theta")
        let inner = try stated?.optional("rope_theta")
        if let outer, let inner, try outer.number() != inner.number() {
            throw outer.error(expected: "\(inner.value), as \(inner.key) has it")
        }
        guard let found = inner ?? outer else { return 10_000 }
        let theta = try found.number()
        guard theta > 0 else { throw found.error(expected: "a number above 0") }
        return theta
    }

    private static func scaling(_ stated: Document, outerOriginal: Document?) throws -> RopeScaling {
        let common: Set = ["rope_type", "type", "rope_theta", "partial_rotary_factor"]
        if let share = try stated.optional("partial_rotary_factor"), try share.number() != 1 {
            throw share.error(expected: "1", hint: "rotary embedding of a part of each head is not supported")
        }
        let type = try ropeType(stated)
        switch try type?.string() ?? "default" {
        case "default":
            try stated.refuseKeys(outside: common)
            return .none
        case "linear":
            try stated.refuseKeys(outside: common.union(["factor"]))
            return .linear(factor: try positive(stated, "factor"))
        case "llama3":
            try stated.refuseKeys(
                outside: common.union([
                    "factor", "low_freq_factor", "high_freq_factor", "original_max_position_embeddings",
                ]))
            return try llama3(stated, outerOriginal)
        default:
            throw (type ?? stated).error(expected: "one of the rope types default, linear, llama3")
        }
    }

    /// `rope_type`, once called `type`; some files have both.
    private static func ropeType(_ stated: Document) throws -> Document? {
        let (new, old) = (try stated.optional("rope_type"), try stated.optional("type"))
        if let new, let old, try new.string() != old.string() {
            throw old.error(expected: "\(new.value), as rope_type has it")
        }
        return new ?? old
    }

    private static func llama3(_ stated: Document, _ outer: Document?) throws -> RopeScaling {
        let (low, high) = (try positive(stated, "low_freq_factor"), try positive(stated, "high_freq_factor"))
        guard high > low else {
            throw try stated.required("high_freq_factor").error(expected: "a number above low_freq_factor, \(low)")
        }
        // transformers gives the outer key precedence.
        let original = try outer ?? stated.required("original_max_position_embeddings")
        return .llama3(
            factor: try positive(stated, "factor"), lowFrequencyFactor: low, highFrequencyFactor: high,
            originalContext: try original.integer(atLeast: 1))
    }

    private static func positive(_ stated: Document, _ key: String) throws -> Double {
        let found = try stated.required(key)
        let number = try found.number()
        guard number > 0 else { throw found.error(expected: "a number above 0") }
        return number
    }
}
