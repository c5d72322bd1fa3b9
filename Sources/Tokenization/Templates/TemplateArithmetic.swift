import Inputs

/// Why an operation is impossible: what it needs, and what it got.
struct TemplateMisuse: Error {
    var expected: String
    var found: String
}

extension Result where Failure == TemplateMisuse {
    /// The value, or an error at a line of the template.
    func orThrow(_ interpreter: TemplateInterpreter, _ line: Int) throws -> Success {
        switch self {
        case .success(let value): return value
        case .failure(let misuse): throw interpreter.error(line, misuse.expected, misuse.found)
        }
    }
}

/// Python's operators on a template's values. Whoever applies one has paid for it: see `TemplateBudget`.
enum TemplateArithmetic {
    static func apply(
        _ operation: TemplateExpression.Unary, _ operand: TemplateValue
    ) -> Result<TemplateValue, TemplateMisuse> {
        switch operation {
        case .not: return .success(.bool(!operand.isTrue))
        case .plus, .minus:
            switch operand.number {
            case .integer(let whole):
                if operation == .plus { return .success(.integer(whole)) }
                return whole == .min ? overflow : .success(.integer(-whole))
            case .float(let number): return .success(.float(operation == .plus ? number : -number))
            case nil: return misuse("a number after '\(operation.rawValue)'", operand)
            }
        }
    }

    static func apply(
        _ operation: TemplateExpression.Binary, _ left: TemplateValue, _ right: TemplateValue
    ) -> Result<TemplateValue, TemplateMisuse> {
        if operation == .concatenate { return .success(.string(left.text + right.text)) }
        if let first = left.number, let second = right.number { return arithmetic(operation, first, second) }
        switch (operation, left, right) {
        case (.add, .string(let first), .string(let second)): return .success(.string(first + second))
        case (.add, .list(let first), .list(let second)): return .success(.list(first + second))
        case (.add, .tuple(let first), .tuple(let second)): return .success(.tuple(first + second))
        case (.multiply, .string(let text), .integer(let count)), (.multiply, .integer(let count), .string(let text)):
            return .success(.string(text.isEmpty ? "" : String(repeating: text, count: max(count, 0))))
        default:
            return .failure(
                TemplateMisuse(
                    expected: "operands that '\(operation.rawValue)' can join",
                    found: "\(left.kind) and \(right.kind)"))
        }
    }

    private static var overflow: Result<TemplateValue, TemplateMisuse> {
        .failure(TemplateMisuse(expected: "whole numbers of 64 bits", found: "a larger result"))
    }

    private static func misuse<Value>(_ expected: String, _ value: TemplateValue) -> Result<Value, TemplateMisuse> {
        .failure(TemplateMisuse(expected: expected, found: value.kind))
    }

    private static func arithmetic(
        _ operation: TemplateExpression.Binary, _ left: TemplateNumber, _ right: TemplateNumber
    ) -> Result<TemplateValue, TemplateMisuse> {
        if operation == .divide || operation == .floorDivide || operation == .modulo, right.double == 0 {
            return .failure(TemplateMisuse(expected: "a divisor that is not 0", found: "0"))
        }
        if operation == .divide { return .success(.float(left.double / right.double)) }
        guard case .integer(let first) = left, case .integer(let second) = right else {
            return floating(operation, left.double, right.double)
        }
        switch operation {
        case .add: return whole(first.addingReportingOverflow(second))
        case .subtract: return whole(first.subtractingReportingOverflow(second))
        case .multiply: return whole(first.multipliedReportingOverflow(by: second))
        case .floorDivide:
            let (quotient, overflow) = first.dividedReportingOverflow(by: second)
            let isInexact = !overflow && quotient &* second != first
            return whole((quotient - (isInexact && (first < 0) != (second < 0) ? 1 : 0), overflow))
        case .modulo:
            let (remainder, _) = first.remainderReportingOverflow(dividingBy: second)
            return .success(
                .integer(remainder != 0 && (remainder < 0) != (second < 0) ? remainder + second : remainder))
        default: return power(first, second)
        }
    }

    private static func whole(_ result: (partialValue: Int, overflow: Bool)) -> Result<TemplateValue, TemplateMisuse> {
        result.overflow ? overflow : .success(.integer(result.partialValue))
    }

    private static func power(_ base: Int, _ exponent: Int) -> Result<TemplateValue, TemplateMisuse> {
        guard (0...64).contains(exponent) else {
            return .failure(TemplateMisuse(expected: "an exponent from 0 to 64", found: "\(exponent)"))
        }
        var result = 1
        for _ in 0..<exponent {
            let (product, overflows) = result.multipliedReportingOverflow(by: base)
            if overflows { return overflow }
            result = product
        }
        return .success(.integer(result))
    }

    private static func floating(
        _ operation: TemplateExpression.Binary, _ left: Double, _ right: Double
    ) -> Result<TemplateValue, TemplateMisuse> {
        switch operation {
        case .add: return .success(.float(left + right))
        case .subtract: return .success(.float(left - right))
        case .multiply: return .success(.float(left * right))
        default:
            return .failure(
                TemplateMisuse(expected: "whole numbers round '\(operation.rawValue)'", found: "a fraction"))
        }
    }

    static func compare(
        _ comparison: TemplateExpression.Comparison, _ left: TemplateValue, _ right: TemplateValue
    ) -> Result<Bool, TemplateMisuse> {
        switch comparison {
        case .equal: return .success(left.equals(right))
        case .notEqual: return .success(!left.equals(right))
        case .contained: return contains(right, left)
        case .notContained: return contains(right, left).map { !$0 }
        case .less: return isLess(left, right, comparison)
        case .greater: return isLess(right, left, comparison)
        case .lessOrEqual: return isLess(right, left, comparison).map { !$0 }
        case .greaterOrEqual: return isLess(left, right, comparison).map { !$0 }
        }
    }

    private static func isLess(
        _ left: TemplateValue, _ right: TemplateValue, _ comparison: TemplateExpression.Comparison
    ) -> Result<Bool, TemplateMisuse> {
        if let first = left.number, let second = right.number { return .success(first.isLess(than: second)) }
        if case .string(let first) = left, case .string(let second) = right {
            return .success(first.unicodeScalars.lexicographicallyPrecedes(second.unicodeScalars))
        }
        return .failure(
            TemplateMisuse(
                expected: "two numbers or two strings round '\(comparison.rawValue)'",
                found: "\(left.kind) and \(right.kind)"))
    }

    private static func contains(_ container: TemplateValue, _ value: TemplateValue) -> Result<Bool, TemplateMisuse> {
        switch container {
        case .string(let text):
            guard case .string(let wanted) = value else { return misuse("a string before 'in' a string", value) }
            return .success(PythonText.find(text, wanted) >= 0)
        case .mapping(let mapping): return .success(mapping[value] != nil)
        default:
            guard let elements = container.elements else { return misuse("a container after 'in'", container) }
            return .success(elements.contains { $0.equals(value) })
        }
    }
}
