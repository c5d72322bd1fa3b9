import Inputs

/// Applies filters. Source of their meaning: Jinja 3.1, `filters.py`.
extension TemplateInterpreter {
    mutating func apply(
        _ filter: TemplateFilter, to subject: TemplateValue, _ arguments: TemplateArguments, _ line: Int
    ) throws -> TemplateValue {
        try budget.spend(TemplateBudget.step + budget.cost(filter, subject, arguments))
        switch filter {
        case .standard, .d:
            let isMissing = subject.isUndefined || arguments.value(1, "boolean")?.isTrue == true && !subject.isTrue
            return isMissing ? arguments.value(0, "default_value") ?? .string("") : subject
        case .string: return .string(subject.text)
        case .trim:
            let characters = try text(arguments.value(0, "chars"), "'chars' of 'trim'", line)
            return .string(PythonText.stripped(subject.text, characters, left: true, right: true))
        case .upper: return .string(PythonText.uppercased(subject.text))
        case .lower: return .string(PythonText.lowercased(subject.text))
        case .capitalize: return .string(PythonText.capitalized(subject.text))
        case .title: return .string(Self.titled(subject.text))
        case .replace:
            guard let old = arguments.value(0, "old"), let new = arguments.value(1, "new") else {
                throw error(line, "what to replace and by what", "\(arguments.positional.count) arguments")
            }
            let most = arguments.value(2, "count")?.whole ?? -1
            return .string(PythonText.replaced(subject.text, old.text, new.text, most: most))
        case .indent: return try indented(subject.text, arguments, line)
        case .tojson:
            let indent = arguments.value(1, "indent")
            guard arguments.positional.isEmpty, arguments.order.allSatisfy({ $0 == "indent" }),
                (0...64).contains(indent?.whole ?? 0),
                let json = subject.json(indent: indent?.whole)
            else { throw error(line, "a value with a JSON form, and no option but 'indent'", subject.kind) }
            return .string(json)
        case .abs, .int: return try number(filter, subject, arguments, line)
        default: return try collection(filter, subject, arguments, line)
        }
    }

    /// Filters of things that can be gone through.
    private mutating func collection(
        _ filter: TemplateFilter, _ subject: TemplateValue, _ arguments: TemplateArguments, _ line: Int
    ) throws -> TemplateValue {
        if filter == .length || filter == .count, case .string(let text) = subject {
            return .integer(text.unicodeScalars.count)
        }
        guard let elements = subject.elements else {
            throw error(line, "a string, a list or a mapping before '|\(filter.rawValue)'", subject.kind)
        }
        switch filter {
        case .length, .count: return .integer(elements.count)
        case .list: return .list(elements)
        case .first: return elements.first ?? .undefined("the first of no items")
        case .last: return elements.last ?? .undefined("the last of no items")
        case .reverse:
            if case .string = subject { return .string(elements.reversed().map(\.text).joined()) }
            return .list(elements.reversed())
        case .join:
            let separator = arguments.value(0, "d")?.text ?? ""
            let attribute = arguments.value(1, "attribute")
            let parts = try elements.map { try attribute == nil ? $0 : member($0, attribute, line) }
            try budget.spend(budget.join(parts, separator: Double(separator.utf8.count)))
            return .string(parts.map(\.text).joined(separator: separator))
        case .items:
            switch subject {
            case .mapping(let mapping): return .list(mapping.members.map { .tuple([$0.key, $0.value]) })
            case .undefined: return .list([])
            default: throw error(line, "a mapping before '|items'", subject.kind)
            }
        case .map:
            let known: Set<String> = ["attribute", "default"]
            guard
                !arguments.positional.isEmpty
                    || arguments.named["attribute"] != nil && known.isSuperset(of: arguments.order)
            else { throw error(line, "the name of a filter or 'attribute' for 'map'", "neither") }
            return .list(try elements.map { try mapped($0, arguments, line) })
        case .select, .reject:
            return .list(
                try elements.filter { try passes($0, arguments.positional[...], line) == (filter == .select) })
        default:
            let attribute = arguments.positional.first
            return .list(
                try elements.filter {
                    try passes(member($0, attribute, line), arguments.positional.dropFirst(), line)
                        == (filter == .selectattr)
                })
        }
    }

    /// One element of `map`: an attribute of it, or a filter applied to it.
    private mutating func mapped(
        _ element: TemplateValue, _ arguments: TemplateArguments, _ line: Int
    ) throws -> TemplateValue {
        if arguments.positional.isEmpty {
            let value = try member(element, arguments.named["attribute"], line)
            return value.isUndefined ? arguments.named["default"] ?? value : value
        }
        guard let filter = TemplateFilter(rawValue: arguments.positional[0].text) else {
            throw error(line, "the name of a filter", "\"\(arguments.positional[0].text)\"")
        }
        let rest = TemplateArguments(
            positional: Array(arguments.positional.dropFirst()), named: arguments.named, order: arguments.order)
        return try apply(filter, to: element, rest, line)
    }

    /// Whether a value passes the test named first in `test`; without one, whether it is true.
    private mutating func passes(
        _ value: TemplateValue, _ test: ArraySlice<TemplateValue>, _ line: Int
    ) throws -> Bool {
        guard let name = test.first?.text else { return value.isTrue }
        guard let test = TemplateTest(rawValue: name == "==" ? "eq" : name).map({ ($0, Array(test.dropFirst())) })
        else {
            throw error(line, "the name of a test", "\"\(name)\"")
        }
        return try apply(test.0, to: value, test.1, line)
    }

    /// A member by a name like `function.name`, whose parts may be numbers.
    private func member(_ value: TemplateValue, _ attribute: TemplateValue?, _ line: Int) throws -> TemplateValue {
        guard let attribute else { throw error(line, "the name of an attribute", "none") }
        var result = value
        for part in attribute.text.split(separator: ".") {
            result = try item(result, Int(part).map { .integer($0) } ?? .string(String(part)), line)
        }
        return result
    }

    private func number(
        _ filter: TemplateFilter, _ subject: TemplateValue, _ arguments: TemplateArguments, _ line: Int
    ) throws -> TemplateValue {
        if filter == .abs {
            switch subject.number {
            case .integer(let whole) where whole != .min: return .integer(Swift.abs(whole))
            case .float(let number): return .float(Swift.abs(number))
            default: throw error(line, "a number before '|abs'", subject.kind)
            }
        }
        guard arguments.value(1, "base") == nil else { throw error(line, "no option 'base'", "one") }
        let standard = arguments.value(0, "default") ?? .integer(0)
        switch subject {
        case .bool, .integer: return .integer(subject.whole ?? 0)
        case .float(let number): return Int(exactly: number.rounded(.towardZero)).map { .integer($0) } ?? standard
        case .string(let text):
            let digits = PythonText.stripped(text, nil, left: true, right: true)
            if let whole = Int(digits) { return .integer(whole) }
            return Double(digits).flatMap { Int(exactly: $0.rounded(.towardZero)) }.map { .integer($0) } ?? standard
        default: return standard
        }
    }

    private func text(_ value: TemplateValue?, _ what: String, _ line: Int) throws -> String? {
        switch value {
        case nil, .some(.none): return nil
        case .string(let text): return text
        case .some(let other): throw error(line, "a string as \(what)", other.kind)
        }
    }

    /// The first letter of every word large, the others small; words end at blanks, hyphens and opening brackets.
    private static func titled(_ text: String) -> String {
        var result = ""
        var word = ""
        func finished(_ word: String) -> String {
            guard let first = word.unicodeScalars.first else { return "" }
            let rest = String(word.unicodeScalars.dropFirst())
            return PythonText.uppercased(String(first)) + PythonText.lowercased(rest)
        }
        for scalar in text.unicodeScalars {
            if scalar.isPythonSpace || "-({[<".unicodeScalars.contains(scalar) {
                result += finished(word)
                result.unicodeScalars.append(scalar)
                word = ""
            } else {
                word.unicodeScalars.append(scalar)
            }
        }
        return result + finished(word)
    }

    private func indented(_ text: String, _ arguments: TemplateArguments, _ line: Int) throws -> TemplateValue {
        let indention: String
        switch arguments.value(0, "width") ?? .integer(4) {
        case .string(let text): indention = text
        case .integer(let width) where (0...1000).contains(width): indention = String(repeating: " ", count: width)
        case let other: throw error(line, "a width from 0 to 1000 for 'indent'", other.text)
        }
        let indentsFirst = arguments.value(1, "first")?.isTrue ?? false
        let indentsBlank = arguments.value(2, "blank")?.isTrue ?? false
        let lines = PythonText.lines(text + "\n")
        let rest = lines.dropFirst().map { $0.isEmpty && !indentsBlank ? "" : indention + $0 }
        return .string((indentsFirst ? indention : "") + ([lines.first ?? ""] + rest).joined(separator: "\n"))
    }
}

extension PythonText {
    /// `str.splitlines`
    static func lines(_ text: String) -> [String] {
        var lines: [String] = []
        var line = String.UnicodeScalarView()
        var previous: Unicode.Scalar?
        for scalar in text.unicodeScalars {
            defer { previous = scalar }
            if scalar == "\n", previous == "\r" { continue }
            switch scalar {
            case "\n", "\r", "\u{B}", "\u{C}", "\u{1C}", "\u{1D}", "\u{1E}", "\u{85}", "\u{2028}", "\u{2029}":
                lines.append(String(line))
                line = String.UnicodeScalarView()
            default: line.append(scalar)
            }
        }
        return line.isEmpty ? lines : lines + [String(line)]
    }
}
