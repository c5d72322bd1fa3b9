import Inputs

/// Evaluates expressions.
extension TemplateInterpreter {
    mutating func evaluate(_ expression: TemplateExpression) throws -> TemplateValue {
        try budget.spend(TemplateBudget.step)
        switch expression {
        case .literal(let literal): return Self.value(literal)
        case .name(let name):
            if let value = try variable(name) { return value }
            if let function = TemplateFunction(rawValue: name) { return .function(function) }
            return .undefined("'\(name)' is undefined")
        case .list(let elements): return try bounded(.list(elements.map { try evaluate($0) }))
        case .tuple(let elements): return try bounded(.tuple(elements.map { try evaluate($0) }))
        case .mapping(let members, let line): return try mapping(members, line)
        case .attribute(let subject, let name, let line): return try attribute(evaluate(subject), name, line)
        case .item(let subject, let key, let line): return try item(evaluate(subject), evaluate(key), line)
        case .slice(let subject, let start, let stop, let step, let line):
            return try slice(evaluate(subject), start, stop, step, line)
        case .call(let callee, let arguments, let line): return try call(evaluate(callee), arguments, line)
        case .method(let subject, let method, let arguments, let line):
            let subject = try evaluate(subject)
            return try apply(method, to: subject, self.arguments(arguments, line), line)
        case .filter(let subject, let filter, let arguments, let line):
            let subject = try evaluate(subject)
            return try apply(filter, to: subject, self.arguments(arguments, line), line)
        case .test(let subject, let test, let arguments, let negated, let line):
            let subject = try evaluate(subject)
            return .bool(try apply(test, to: subject, self.arguments(arguments, line).positional, line) != negated)
        case .unary(let operation, let operand, let line):
            return try TemplateArithmetic.apply(operation, evaluate(operand)).orThrow(self, line)
        case .binary(let operation, let left, let right, let line):
            let (left, right) = (try evaluate(left), try evaluate(right))
            try budget.spend(budget.cost(operation, left, right))
            return try TemplateArithmetic.apply(operation, left, right).orThrow(self, line)
        case .comparison(let first, let others, let line): return try compare(first, others, line)
        case .and(let left, let right):
            let value = try evaluate(left)
            return value.isTrue ? try evaluate(right) : value
        case .or(let left, let right):
            let value = try evaluate(left)
            return value.isTrue ? value : try evaluate(right)
        case .conditional(let condition, let then, let otherwise):
            if try evaluate(condition).isTrue { return try evaluate(then) }
            return try otherwise.map { try evaluate($0) } ?? .undefined("an 'if' without 'else'")
        }
    }

    private static func value(_ literal: TemplateExpression.Literal) -> TemplateValue {
        switch literal {
        case .none: .none
        case .bool(let flag): .bool(flag)
        case .integer(let whole): .integer(whole)
        case .float(let number): .float(number)
        case .string(let text): .string(text)
        }
    }

    private mutating func mapping(
        _ members: [(key: TemplateExpression, value: TemplateExpression)], _ line: Int
    ) throws -> TemplateValue {
        var mapping = TemplateMapping()
        for (key, value) in members {
            let key = try evaluate(key)
            switch key {
            case .string, .integer, .bool, .none, .float:
                let value = try evaluate(value)
                try budget.spend(TemplateBudget.element + budget.lookup(mapping, key))
                mapping[key] = value
            default: throw error(line, "a string or a number as a key", key.kind)
            }
        }
        return try bounded(.mapping(mapping))
    }

    /// A new container, unless it holds others too deep inside each other to be printed.
    private func bounded(_ value: TemplateValue) throws -> TemplateValue {
        try budget.spend(budget.elements(value).count * TemplateBudget.element)
        guard try budget.measure(value).depth <= TemplateParser.deepest else {
            throw InputError(
                file, expected: "at most \(TemplateParser.deepest) containers in each other", found: "more")
        }
        return value
    }

    private func attribute(_ subject: TemplateValue, _ name: String, _ line: Int) throws -> TemplateValue {
        try budget.spend(budget.item(subject, .string(name)))
        switch subject {
        case .mapping(let mapping):
            // Python finds a dictionary's own methods first.
            guard
                !["items", "keys", "values", "get", "pop", "copy", "update", "clear", "popitem", "setdefault"]
                    .contains(name)
            else { throw error(line, "a call of the method '\(name)', or ['\(name)'] for the key", ".\(name)") }
            return mapping[.string(name)] ?? .undefined("a mapping without the key '\(name)'")
        case .namespace(let namespace):
            return namespace.members[.string(name)] ?? .undefined("a namespace without '\(name)'")
        case .loop(let loop):
            guard let value = loop.member(name) else {
                throw error(
                    line, "index, index0, revindex, revindex0, first, last, length, previtem or nextitem of 'loop'",
                    "'\(name)'")
            }
            return value
        case .undefined(let reason): throw error(line, "a value with the attribute '\(name)'", reason)
        case .string where TemplateMethod(rawValue: name) != nil:
            throw error(line, "a call of the method '\(name)'", ".\(name)")
        case .function, .macro: throw error(line, "a value with the attribute '\(name)'", subject.kind)
        default: return .undefined("\(subject.kind) without the attribute '\(name)'")
        }
    }

    func item(_ subject: TemplateValue, _ key: TemplateValue, _ line: Int) throws -> TemplateValue {
        try budget.spend(budget.item(subject, key))
        switch (subject, key) {
        case (.mapping(let mapping), _):
            return mapping[key] ?? .undefined("a mapping without the key \(key.text)")
        case (.list(let items), .integer(let index)), (.tuple(let items), .integer(let index)):
            return Self.element(items, index) ?? .undefined("\(subject.kind) without the item \(index)")
        case (.string(let text), .integer(let index)):
            let scalars = Array(text.unicodeScalars)
            return Self.element(scalars, index).map { .string(String($0)) }
                ?? .undefined("a string without the character \(index)")
        case (.undefined(let reason), _): throw error(line, "a value with items", reason)
        case (_, .string(let name)) where !name.hasPrefix("_"): return try attribute(subject, name, line)
        default: return .undefined("\(subject.kind) without the item \(key.text)")
        }
    }

    /// Python's index: negative ones count from the end.
    private static func element<Element>(_ items: [Element], _ index: Int) -> Element? {
        let at = index < 0 ? index &+ items.count : index
        return items.indices.contains(at) ? items[at] : nil
    }

    private mutating func slice(
        _ subject: TemplateValue, _ start: TemplateExpression?, _ stop: TemplateExpression?,
        _ step: TemplateExpression?, _ line: Int
    ) throws -> TemplateValue {
        func bound(_ interpreter: inout TemplateInterpreter, _ expression: TemplateExpression?) throws -> Int? {
            guard let expression else { return nil }
            switch try interpreter.evaluate(expression) {
            case .none: return nil
            case .integer(let whole): return whole
            case let other: throw interpreter.error(line, "a whole number as a bound of a slice", other.kind)
            }
        }
        let bounds = (try bound(&self, start), try bound(&self, stop), try bound(&self, step) ?? 1)
        guard bounds.2 != 0 else { throw error(line, "a step that is not 0", "0") }
        try budget.spend(budget.slice(subject))
        switch subject {
        case .list(let items): return .list(Self.indices(items.count, bounds).map { items[$0] })
        case .tuple(let items): return .tuple(Self.indices(items.count, bounds).map { items[$0] })
        case .string(let text):
            let scalars = Array(text.unicodeScalars)
            return .string(
                String(String.UnicodeScalarView(Self.indices(scalars.count, bounds).map { scalars[$0] })))
        case .undefined(let reason): throw error(line, "something to slice", reason)
        default: throw error(line, "something to slice", subject.kind)
        }
    }

    /// The indices that Python's `slice(start, stop, step)` takes of a sequence.
    private static func indices(_ count: Int, _ bounds: (start: Int?, stop: Int?, step: Int)) -> [Int] {
        let forward = bounds.step > 0
        let (lowest, highest) = forward ? (0, count) : (-1, count - 1)
        func clamped(_ bound: Int?, _ standard: Int) -> Int {
            guard let bound else { return standard }
            return min(max(bound < 0 ? bound &+ count : bound, lowest), highest)
        }
        let start = clamped(bounds.start, forward ? lowest : highest)
        let stop = clamped(bounds.stop, forward ? highest : lowest)
        // A step longer than the sequence takes one item whatever its length.
        let step = min(max(bounds.step, -count - 1), count + 1)
        return Array(Swift.stride(from: start, to: stop, by: step))
    }

    private mutating func compare(
        _ first: TemplateExpression, _ others: [(TemplateExpression.Comparison, TemplateExpression)], _ line: Int
    ) throws -> TemplateValue {
        var left = try evaluate(first)
        for (comparison, expression) in others {
            let right = try evaluate(expression)
            try budget.spend(budget.cost(comparison, left, right))
            guard try TemplateArithmetic.compare(comparison, left, right).orThrow(self, line) else {
                return .bool(false)
            }
            left = right
        }
        return .bool(true)
    }

    mutating func arguments(_ arguments: TemplateExpression.Arguments, _ line: Int) throws -> TemplateArguments {
        var named: [String: TemplateValue] = [:]
        var order: [String] = []
        let positional = try arguments.positional.map { try evaluate($0) }
        for (name, value) in arguments.named {
            try budget.spend(TemplateBudget.element + Double(name.utf8.count))
            guard named[name] == nil else { throw error(line, "each argument once", "'\(name)' twice") }
            named[name] = try evaluate(value)
            order.append(name)
        }
        return TemplateArguments(positional: positional, named: named, order: order)
    }

    private mutating func call(
        _ callee: TemplateValue, _ arguments: TemplateExpression.Arguments, _ line: Int
    ) throws -> TemplateValue {
        let values = try self.arguments(arguments, line)
        switch callee {
        case .macro(let macro): return try call(macro, values.positional, values.named, line: line)
        case .function(let function): return try call(function, values, line)
        default: throw error(line, "a function or a macro", callee.kind)
        }
    }

    private func call(_ function: TemplateFunction, _ values: TemplateArguments, _ line: Int) throws -> TemplateValue {
        try budget.spend(budget.cost(function, values))
        switch function {
        case .raise:
            throw error(
                line, "a conversation that this template accepts",
                "its message: \(values.positional.first?.text ?? "")")
        case .namespace, .dict:
            guard values.positional.isEmpty else { throw error(line, "named arguments alone", "others") }
            let members = TemplateMapping(values.order.map { ($0, values.named[$0] ?? .none) })
            guard function == .namespace else { return try bounded(.mapping(members)) }
            let namespace = TemplateNamespace()
            namespace.members = members
            return .namespace(namespace)
        case .range:
            let bounds = values.positional.compactMap(\.whole)
            guard values.named.isEmpty, bounds.count == values.positional.count, (1...3).contains(bounds.count) else {
                throw error(line, "one to three whole numbers for 'range'", "something else")
            }
            let (start, stop) = bounds.count == 1 ? (0, bounds[0]) : (bounds[0], bounds[1])
            let step = bounds.count == 3 ? bounds[2] : 1
            // 100,000 is what Jinja's sandbox allows.
            let (distance, overflow) = stop.subtractingReportingOverflow(start)
            guard step != 0, step != .min, !overflow, distance / step <= 100_000 else {
                throw error(line, "a range of at most 100000 numbers", "more")
            }
            return .list(Swift.stride(from: start, to: stop, by: step).map { .integer($0) })
        }
    }
}

/// Evaluated arguments.
struct TemplateArguments {
    var positional: [TemplateValue]
    var named: [String: TemplateValue]
    /// The names in the order they were given.
    var order: [String]

    /// The argument at `index` or under `name`.
    func value(_ index: Int, _ name: String) -> TemplateValue? {
        index < positional.count ? positional[index] : named[name]
    }
}

extension TemplateValue {
    /// A whole number, truth values counting as 0 and 1.
    var whole: Int? {
        if case .integer(let whole) = number { return whole }
        return nil
    }
}
