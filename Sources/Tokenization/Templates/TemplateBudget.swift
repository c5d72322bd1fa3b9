import Inputs

/// What one rendering of a template may cost, in units of about a byte made or a nanosecond of work.
///
/// A template is a program from outside, and short ones can ask for any amount of work and memory. So every statement,
/// expression and operation pays before it is done; `TemplateCosts` has the prices. Since everything that is made is paid
/// for, the limit bounds memory as well as time: a second or so, and the limit in bytes.
final class TemplateBudget {
    /// What any rendering may cost. Templates of known models take 2,000 to 11,000 units for a conversation of three
    /// messages, and 600 to 3,100 for each further one.
    static let base = 1 << 26
    /// What it may cost more for each byte of the conversation. Those templates take 1 to 13. All in all
    /// none took more than 15 % of its budget for up to 4,000 messages or 4 MB.
    private static let eachByte = 128

    /// What a value is made of, down to the innermost.
    struct Measure {
        /// Values, containers included.
        var nodes = 1.0
        /// Bytes of strings, keys included; numbers count as the most that they print.
        var bytes = 0.0
        /// Members of the largest mapping.
        var widest = 0.0
        /// Containers inside each other.
        var depth = 0

        mutating func add(_ inner: Measure) {
            nodes += inner.nodes
            bytes += inner.bytes
            widest = max(widest, inner.widest)
            depth = max(depth, inner.depth + 1)
        }
    }

    private let file: String
    /// Costs are floating-point, so that no price can overflow.
    private(set) var limit = Double.infinity
    private(set) var used = 0.0

    /// The budget for rendering with these variables; `file` names the template, `base` is what any rendering may cost.
    init(file: String, variables: [String: TemplateValue], base: Int = TemplateBudget.base) throws {
        self.file = file
        var bytes = 0.0
        for value in variables.values { bytes += try measure(value).bytes }
        limit = Double(base) + Double(Self.eachByte) * bytes
        used = 0
    }

    /// Pays for what is about to be done. Throws `InputError` where the budget is spent.
    func spend(_ cost: Double) throws {
        used += cost
        guard used <= limit else {
            throw InputError(
                file, expected: "a chat template that renders this conversation within \(Int(limit)) units of work",
                found: "one that needs more",
                hint:
                    "it repeats or nests too much: mend the template, or render the prompts yourself and give them under "
                    + "the key text")
        }
    }

    /// Measures a value, which is paid for: shared parts count, and cost, as often as they are printed or compared.
    func measure(_ value: TemplateValue) throws -> Measure {
        try spend(1)
        var measure = Measure()
        switch value {
        case .string(let text): measure.bytes = Double(text.utf8.count)
        case .list(let items), .tuple(let items):
            measure.depth = 1
            for item in items { measure.add(try self.measure(item)) }
        case .mapping(let mapping):
            measure.depth = 1
            measure.widest = Double(mapping.members.count)
            for member in mapping.members {
                measure.add(try self.measure(member.key))
                measure.add(try self.measure(member.value))
            }
        case .undefined, .none, .bool, .integer, .float, .namespace, .function, .macro, .loop: measure.bytes = 32
        }
        return measure
    }
}
