/// The price of every operation, told before it is done: never less than the bytes that it makes, and about its
/// nanoseconds. The switches name every case, so that an operation without a price does not compile.
extension TemplateBudget {
    /// A statement or an expression that is evaluated.
    static let step = 16.0
    /// A value that is made, in a list or a scope.
    static let element = 64.0
    /// A value that is put into another list.
    static let reference = 16.0
    /// A character that is looked at; one whose case or kind is looked up.
    private static let scalar = 8.0
    private static let casedScalar = 128.0

    /// What it costs to have a value's text, and how many bytes that has at most.
    func text(_ value: TemplateValue) throws -> (cost: Double, bytes: Double) {
        if case .string(let text) = value { return (0, Double(text.utf8.count)) }
        let measure = try self.measure(value)
        // A byte is quoted in up to four; a container adds brackets and commas.
        return (32 * measure.bytes + Self.element * measure.nodes, 4 * measure.bytes + 8 * measure.nodes)
    }

    /// All arguments as texts.
    private func text(_ arguments: TemplateArguments) throws -> (cost: Double, bytes: Double) {
        var sum = (cost: 1.0, bytes: 0.0)
        for value in arguments.positional + Array(arguments.named.values) {
            let (cost, bytes) = try text(value)
            sum = (sum.cost + cost + Self.reference, sum.bytes + bytes)
        }
        return sum
    }

    /// What `elements` costs; and how many there are, of a string at most.
    func elements(_ value: TemplateValue) -> (cost: Double, count: Double) {
        switch value {
        case .string(let text): (Self.element * Double(text.utf8.count), Double(text.utf8.count))
        case .list(let items), .tuple(let items): (Self.reference * Double(items.count), Double(items.count))
        case .mapping(let mapping):
            (Self.reference * Double(mapping.members.count), Double(mapping.members.count))
        case .undefined, .none, .bool, .integer, .float, .namespace, .function, .macro, .loop: (1, 0)
        }
    }

    /// Finding a key among the members.
    func lookup(_ mapping: TemplateMapping, _ key: TemplateValue) throws -> Double {
        1 + Double(mapping.members.count) * (1 + (try measure(key).bytes))
    }

    /// Joining values that are there to one text.
    func join(_ parts: [TemplateValue], separator: Double) throws -> Double {
        var cost = 1.0
        for part in parts {
            let text = try self.text(part)
            cost += Self.reference + text.cost + text.bytes + separator
        }
        return cost
    }

    /// An index or a key of a value, and the name of what is not there.
    func item(_ subject: TemplateValue, _ key: TemplateValue) throws -> Double {
        let text = try self.text(key)
        switch subject {
        case .mapping(let mapping): return try lookup(mapping, key) + text.cost + text.bytes
        case .namespace(let namespace): return try lookup(namespace.members, key) + text.cost + text.bytes
        case .string(let string): return Self.scalar * Double(string.utf8.count) + text.cost + text.bytes
        case .undefined, .none, .bool, .integer, .float, .list, .tuple, .function, .macro, .loop:
            return 1 + text.cost + text.bytes
        }
    }

    /// A slice, whatever its bounds.
    func slice(_ subject: TemplateValue) -> Double {
        switch subject {
        case .string(let text): 3 * Self.scalar * Double(text.utf8.count)
        default: 2 * elements(subject).cost
        }
    }

    // MARK: Operators

    func cost(_ operation: TemplateExpression.Binary, _ left: TemplateValue, _ right: TemplateValue) throws -> Double {
        switch operation {
        case .concatenate:
            let (first, second) = (try text(left), try text(right))
            return 1 + first.cost + second.cost + first.bytes + second.bytes
        case .add:
            switch (left, right) {
            case (.string(let first), .string(let second)):
                return 1 + Double(first.utf8.count) + Double(second.utf8.count)
            default: return 1 + elements(left).cost + elements(right).cost
            }
        case .multiply:
            switch (left, right) {
            case (.string(let text), .integer(let count)), (.integer(let count), .string(let text)):
                return 1 + Double(text.utf8.count) * Double(max(count, 0))
            default: return 1
            }
        case .subtract, .divide, .floorDivide, .modulo, .power: return 1
        }
    }

    func cost(
        _ comparison: TemplateExpression.Comparison, _ left: TemplateValue, _ right: TemplateValue
    ) throws -> Double {
        switch comparison {
        case .equal, .notEqual: return try equality(left, right)
        case .contained, .notContained: return try containment(right, left)
        case .less, .lessOrEqual, .greater, .greaterOrEqual:
            guard case .string(let first) = left, case .string(let second) = right else { return 1 }
            return 1 + Self.scalar * Double(min(first.utf8.count, second.utf8.count))
        }
    }

    private func equality(_ left: TemplateValue, _ right: TemplateValue) throws -> Double {
        switch (left, right) {
        case (.string(let first), .string(let second)):
            return first.utf8.count == second.utf8.count ? 1 + Double(first.utf8.count) : 1
        case (.list, .list), (.tuple, .tuple), (.mapping, .mapping):
            let (first, second) = (try measure(left), try measure(right))
            // Each key of a mapping is looked for among those of the other.
            return (first.nodes + first.bytes) * (1 + second.widest) + second.nodes + second.bytes
        default: return 1
        }
    }

    private func containment(_ container: TemplateValue, _ value: TemplateValue) throws -> Double {
        switch container {
        case .string(let text): return Self.scalar * (Double(text.utf8.count) + (try self.text(value).bytes))
        case .mapping(let mapping): return try lookup(mapping, value)
        default:
            var cost = elements(container).cost
            for element in container.elements ?? [] { cost += try equality(element, value) }
            return cost
        }
    }

    // MARK: Functions, filters, tests, methods

    func cost(_ function: TemplateFunction, _ arguments: TemplateArguments) throws -> Double {
        switch function {
        case .raise: return try text(arguments).cost + text(arguments).bytes
        case .dict, .namespace:
            return arguments.order.reduce(1.0) { $0 + Self.element + Double($1.utf8.count) }
        case .range:
            let bounds = arguments.positional.compactMap(\.whole).map(Double.init)
            guard let last = bounds.dropFirst().first ?? bounds.first else { return 1 }
            let first = bounds.count > 1 ? bounds[0] : 0
            let step = bounds.count > 2 ? max(abs(bounds[2]), 1) : 1
            // More than Jinja allows is refused before it is made.
            return Self.element * min(1 + abs(last - first) / step, 100_001)
        }
    }

    func cost(_ filter: TemplateFilter, _ subject: TemplateValue, _ arguments: TemplateArguments) throws -> Double {
        switch filter {
        case .standard, .d, .abs: return 1
        case .string: return try text(subject).cost
        case .int: return try casing(subject, Self.scalar)
        case .length, .count:
            if case .string(let text) = subject { return Double(text.utf8.count) }
            return 1
        case .trim: return try casing(subject, Self.scalar) + Self.element * text(arguments).bytes
        case .capitalize, .lower, .title, .upper: return try casing(subject, Self.casedScalar)
        case .replace: return try replacement(subject, arguments)
        case .indent:
            let (own, given) = (try text(subject), try text(arguments))
            let width = max(given.bytes, arguments.value(0, "width")?.whole.map(Double.init) ?? 4)
            return own.cost + given.cost + 4 * Self.scalar * own.bytes + (own.bytes + 2) * width
        case .tojson:
            let measure = try self.measure(subject)
            let indent = Double(max(arguments.value(1, "indent")?.whole ?? 0, 0)) * Double(measure.depth + 2)
            return 32 * measure.bytes + (Self.element + 2 * indent) * measure.nodes
        case .first, .last, .list: return elements(subject).cost
        case .reverse: return 2 * elements(subject).cost
        case .items: return 8 * elements(subject).cost
        // What is joined is paid for when it is known.
        case .join, .map, .reject, .rejectattr, .select, .selectattr:
            let (cost, count) = elements(subject)
            let given = try text(arguments)
            return 1 + cost + count * (Self.element + given.cost + Self.reference * given.bytes)
        }
    }

    func cost(_ test: TemplateTest, _ subject: TemplateValue, _ arguments: [TemplateValue]) throws -> Double {
        let other = arguments.first ?? .none
        switch test {
        case .boolean, .defined, .divisibleby, .even, .float, .integer, .isFalse, .isTrue, .iterable, .mapping, .none,
            .number, .odd, .sameas, .sequence, .string, .undefined:
            return 1
        case .lower, .upper: return try casing(subject, Self.casedScalar)
        case .eq, .equalto, .ne: return try cost(.equal, subject, other)
        case .lt, .le, .gt, .ge: return try cost(.less, subject, other)
        case .contained: return try cost(.contained, subject, other)
        }
    }

    func cost(_ method: TemplateMethod, _ subject: TemplateValue, _ arguments: TemplateArguments) throws -> Double {
        switch method {
        case .capitalize, .lower, .title, .upper: return try casing(subject, Self.casedScalar)
        case .lstrip, .rstrip, .strip: return try casing(subject, Self.scalar) + Self.element * text(arguments).bytes
        case .find, .startswith, .endswith:
            return try casing(subject, Self.scalar) + Self.scalar * text(arguments).bytes
        case .replace: return try replacement(subject, arguments)
        case .split:
            let own = try text(subject)
            let separator = try arguments.positional.first.map { try self.text($0).bytes } ?? 1
            return own.cost + 2 * Self.scalar * own.bytes + Self.element * (1 + own.bytes / max(separator, 1))
                + Self.scalar * separator
        case .items, .keys, .values: return 8 * elements(subject).cost
        case .get:
            guard case .mapping(let mapping) = subject, let key = arguments.positional.first else { return 1 }
            return try lookup(mapping, key)
        case .cycle: return 1
        }
    }

    /// Going once through a value's text.
    private func casing(_ subject: TemplateValue, _ price: Double) throws -> Double {
        let own = try text(subject)
        return 1 + own.cost + price * own.bytes
    }

    /// The first argument, wherever it is found, replaced by the second; an empty one is found between all characters.
    private func replacement(_ subject: TemplateValue, _ arguments: TemplateArguments) throws -> Double {
        let own = try text(subject)
        let old = try text(arguments.value(0, "old") ?? .none)
        let new = try text(arguments.value(1, "new") ?? .none)
        let places = old.bytes == 0 ? own.bytes + 1 : own.bytes / old.bytes
        let most = arguments.value(2, "count")?.whole ?? -1
        let found = most < 0 ? places : min(places, Double(most))
        return own.cost + old.cost + new.cost + 2 * Self.scalar * (own.bytes + old.bytes)
            + Self.scalar * (places + found * new.bytes)
    }
}
