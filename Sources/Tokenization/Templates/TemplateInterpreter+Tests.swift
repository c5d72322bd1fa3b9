import Inputs

/// Applies tests and methods. Sources of their meaning: Jinja 3.1, `tests.py`; Python's `str` and `dict`.
extension TemplateInterpreter {
    func apply(
        _ test: TemplateTest, to subject: TemplateValue, _ arguments: [TemplateValue], _ line: Int
    ) throws -> Bool {
        try budget.spend(TemplateBudget.step + budget.cost(test, subject, arguments))
        switch test {
        case .defined: return !subject.isUndefined
        case .undefined: return subject.isUndefined
        case .none: if case .none = subject { return true } else { return false }
        case .boolean: if case .bool = subject { return true } else { return false }
        case .isTrue: if case .bool(true) = subject { return true } else { return false }
        case .isFalse: if case .bool(false) = subject { return true } else { return false }
        case .integer: if case .integer = subject { return true } else { return false }
        case .float: if case .float = subject { return true } else { return false }
        case .number: return subject.number != nil
        case .string: if case .string = subject { return true } else { return false }
        case .mapping: if case .mapping = subject { return true } else { return false }
        case .iterable, .sequence: return subject.isIterable
        case .lower: return Self.allCased(subject.text) { $0.properties.isLowercase }
        case .upper: return Self.allCased(subject.text) { $0.properties.isUppercase }
        case .odd, .even, .divisibleby: return try divides(test, subject, arguments, line)
        case .sameas: return try isSame(subject, arguments.first ?? .undefined(""), line)
        case .eq, .equalto: return try compare(.equal, subject, arguments, line)
        case .ne: return try compare(.notEqual, subject, arguments, line)
        case .lt: return try compare(.less, subject, arguments, line)
        case .le: return try compare(.lessOrEqual, subject, arguments, line)
        case .gt: return try compare(.greater, subject, arguments, line)
        case .ge: return try compare(.greaterOrEqual, subject, arguments, line)
        case .contained: return try compare(.contained, subject, arguments, line)
        }
    }

    private func compare(
        _ comparison: TemplateExpression.Comparison, _ subject: TemplateValue, _ arguments: [TemplateValue],
        _ line: Int
    ) throws -> Bool {
        guard arguments.count == 1 else { throw error(line, "one argument of the test", "\(arguments.count)") }
        return try TemplateArithmetic.compare(comparison, subject, arguments[0]).orThrow(self, line)
    }

    private func divides(
        _ test: TemplateTest, _ subject: TemplateValue, _ arguments: [TemplateValue], _ line: Int
    ) throws -> Bool {
        let divisor = test == .divisibleby ? arguments.first?.whole : 2
        guard let whole = subject.whole, let divisor, divisor != 0 else {
            throw error(line, "whole numbers for the test '\(test.rawValue)'", subject.kind)
        }
        let isDivisible = divisor == -1 || whole % divisor == 0
        return test == .odd ? !isDivisible : isDivisible
    }

    /// Python's `is`, for the values where it can be told: none and truth values.
    private func isSame(_ left: TemplateValue, _ right: TemplateValue, _ line: Int) throws -> Bool {
        switch (left, right) {
        case (.none, .none): return true
        case (.bool(let first), .bool(let second)): return first == second
        case (.none, _), (_, .none), (.bool, _), (_, .bool): return false
        default: throw error(line, "true, false or none for the test 'sameas'", "\(left.kind) and \(right.kind)")
        }
    }

    private static func allCased(_ text: String, _ holds: (Unicode.Scalar) -> Bool) -> Bool {
        let cased = text.unicodeScalars.filter(\.properties.isCased)
        return !cased.isEmpty && cased.allSatisfy(holds)
    }

    func apply(
        _ method: TemplateMethod, to subject: TemplateValue, _ arguments: TemplateArguments, _ line: Int
    ) throws -> TemplateValue {
        try budget.spend(TemplateBudget.step + budget.cost(method, subject, arguments))
        switch subject {
        case .string(let text):
            if let result = try apply(method, to: text, arguments, line) { return result }
        case .mapping(let mapping):
            if let result = try apply(method, to: mapping, arguments, line) { return result }
        case .loop(let loop) where method == .cycle && !arguments.positional.isEmpty:
            return arguments.positional[loop.index % arguments.positional.count]
        case .undefined(let reason):
            throw error(line, "a value with the method '\(method.rawValue)'", reason)
        default: break
        }
        throw error(line, "a value with the method '\(method.rawValue)'", subject.kind)
    }

    private func apply(
        _ method: TemplateMethod, to mapping: TemplateMapping, _ arguments: TemplateArguments, _ line: Int
    ) throws -> TemplateValue? {
        switch method {
        case .items: return .list(mapping.members.map { .tuple([$0.key, $0.value]) })
        case .keys: return .list(mapping.members.map(\.key))
        case .values: return .list(mapping.members.map(\.value))
        case .get:
            guard let key = arguments.positional.first, arguments.named.isEmpty else {
                throw error(line, "a key for 'get'", "none")
            }
            return mapping[key] ?? (arguments.positional.count > 1 ? arguments.positional[1] : TemplateValue.none)
        default: return nil
        }
    }

    private func apply(
        _ method: TemplateMethod, to text: String, _ arguments: TemplateArguments, _ line: Int
    ) throws -> TemplateValue? {
        let values = arguments.positional
        func misuse(_ expected: String) -> InputError { error(line, "\(expected) for '\(method.rawValue)'", "others") }
        guard arguments.named.isEmpty else { throw misuse("arguments without names") }
        func string(_ index: Int) throws -> String? {
            guard index < values.count else { return nil }
            switch values[index] {
            case .none: return nil
            case .string(let text): return text
            default: throw misuse("strings")
            }
        }
        switch method {
        case .upper: return .string(PythonText.uppercased(text))
        case .lower: return .string(PythonText.lowercased(text))
        case .capitalize: return .string(PythonText.capitalized(text))
        case .title: return .string(PythonText.titled(text))
        case .strip: return .string(PythonText.stripped(text, try string(0), left: true, right: true))
        case .lstrip: return .string(PythonText.stripped(text, try string(0), left: true, right: false))
        case .rstrip: return .string(PythonText.stripped(text, try string(0), left: false, right: true))
        case .split:
            let separator = try string(0)
            guard separator != "" else { throw misuse("a separator that is not empty") }
            let most = values.count > 1 ? values[1].whole : -1
            guard let most else { throw misuse("a whole number") }
            return .list(PythonText.split(text, separator, most: most).map { .string($0) })
        case .replace:
            guard let old = try string(0), let new = try string(1) else { throw misuse("two strings") }
            return .string(PythonText.replaced(text, old, new, most: values.count > 2 ? values[2].whole ?? -1 : -1))
        case .find:
            guard values.count == 1, let wanted = try string(0) else { throw misuse("one string") }
            return .integer(PythonText.find(text, wanted))
        case .startswith, .endswith:
            guard values.count == 1 else { throw misuse("one argument") }
            let affixes: [TemplateValue]
            if case .tuple(let several) = values[0] { affixes = several } else { affixes = values }
            return .bool(
                try affixes.contains { affix in
                    guard case .string(let affix) = affix else { throw misuse("strings") }
                    return method == .startswith
                        ? text.utf8.starts(with: affix.utf8) : text.utf8.reversed().starts(with: affix.utf8.reversed())
                })
        default: return nil
        }
    }
}

extension TemplateValue {
    var isUndefined: Bool {
        if case .undefined = self { return true }
        return false
    }
}
