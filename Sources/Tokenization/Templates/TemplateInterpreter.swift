import Inputs

/// Runs the statements of a template.
struct TemplateInterpreter {
    private static let deepestCall = 8

    /// How a list of statements ended.
    enum Flow {
        case normal
        case broke
        case continued
    }

    let file: String
    /// Pays for all that is done.
    let budget: TemplateBudget
    private(set) var output = ""
    /// Variables, the innermost scope last. Statements see all of them and set those of the last one.
    private var scopes: [[String: TemplateValue]]
    private var calls = 0

    init(file: String, variables: [String: TemplateValue], base: Int = TemplateBudget.base) throws {
        self.file = file
        budget = try TemplateBudget(file: file, variables: variables, base: base)
        scopes = [variables, [:]]
    }

    func error(_ line: Int, _ expected: String, _ found: String, hint: String = "") -> InputError {
        InputError("\(file):\(line)", expected: expected, found: found.isEmpty ? "nothing" : found, hint: hint)
    }

    func variable(_ name: String) throws -> TemplateValue? {
        try budget.spend(Double(scopes.count) * (1 + Double(name.utf8.count)))
        for scope in scopes.reversed() {
            if let value = scope[name] { return value }
        }
        return nil
    }

    mutating func run(_ statements: [TemplateStatement]) throws -> Flow {
        for statement in statements {
            try budget.spend(TemplateBudget.step)
            let flow = try run(statement)
            if flow != .normal { return flow }
        }
        return .normal
    }

    private mutating func run(_ statement: TemplateStatement) throws -> Flow {
        switch statement {
        case .text(let text): try write(text)
        case .output(let expression, let line):
            let value = try evaluate(expression)
            try budget.spend(budget.text(value).cost)
            switch value {
            case .namespace, .function, .macro, .loop: throw error(line, "a value that can be printed", value.kind)
            default: try write(value.text)
            }
        case .branch(let branches, let otherwise):
            for branch in branches where try evaluate(branch.condition).isTrue { return try run(branch.body) }
            return try run(otherwise)
        case .loop(let loop): try run(loop)
        case .set(let target, let expression, let line): try bind(target, evaluate(expression), line)
        case .capture(let target, let body, let line):
            try bind(target, .string(try captured { interpreter in _ = try interpreter.run(body) }), line)
        case .macro(let macro): scopes[scopes.count - 1][macro.name] = .macro(macro)
        case .breakLoop: return .broke
        case .continueLoop: return .continued
        }
        return .normal
    }

    private mutating func write(_ text: String) throws {
        try budget.spend(Double(text.utf8.count))
        output += text
    }

    /// What `body` writes, in a scope of its own.
    private mutating func captured(_ body: (inout TemplateInterpreter) throws -> Void) throws -> String {
        let outer = output
        output = ""
        scopes.append([:])
        defer {
            output = outer
            scopes.removeLast()
        }
        try body(&self)
        return output
    }

    private mutating func bind(_ target: TemplateTarget, _ value: TemplateValue, _ line: Int) throws {
        try budget.spend(TemplateBudget.element)
        switch target {
        case .name(let name): scopes[scopes.count - 1][name] = value
        case .names(let names):
            try budget.spend(2 * budget.elements(value).cost)
            guard let parts = value.elements, parts.count == names.count else {
                throw error(line, "\(names.count) values", value.elements.map { "\($0.count)" } ?? value.kind)
            }
            for (name, part) in zip(names, parts) { scopes[scopes.count - 1][name] = part }
        case .attribute(let name, let attribute):
            let holder = try variable(name)
            guard case .namespace(let namespace) = holder else {
                throw error(line, "a namespace to set '\(attribute)' of", holder?.kind ?? "no '\(name)'")
            }
            try budget.spend(budget.lookup(namespace.members, .string(attribute)))
            namespace.members[.string(attribute)] = value
        }
    }

    private mutating func run(_ loop: TemplateLoop) throws {
        let iterable = try evaluate(loop.iterable)
        try budget.spend(budget.elements(iterable).cost)
        guard var items = iterable.elements else {
            throw error(loop.line, "something to loop over", iterable.kind)
        }
        if let condition = loop.condition {
            var kept: [TemplateValue] = []
            for item in items {
                try budget.spend(2 * TemplateBudget.element)
                scopes.append([:])
                defer { scopes.removeLast() }
                try bind(loop.target, item, loop.line)
                if try evaluate(condition).isTrue { kept.append(item) }
            }
            items = kept
        }
        if items.isEmpty {
            _ = try run(loop.otherwise)
            return
        }
        let state = TemplateLoopState(items)
        for (index, item) in items.enumerated() {
            try budget.spend(4 * TemplateBudget.element)
            state.index = index
            scopes.append(["loop": .loop(state)])
            defer { scopes.removeLast() }
            try bind(loop.target, item, loop.line)
            if try run(loop.body) == .broke { return }
        }
    }

    /// Calls a macro: it sees the outermost variables and its own.
    mutating func call(
        _ macro: TemplateMacro, _ positional: [TemplateValue], _ named: [String: TemplateValue], line: Int
    ) throws -> TemplateValue {
        try budget.spend(
            TemplateBudget.element * Double(scopes.count + macro.parameters.count)
                + TemplateBudget.reference * Double(named.count) * Double(macro.parameters.count))
        guard positional.count <= macro.parameters.count else {
            throw error(line, "at most \(macro.parameters.count) arguments of '\(macro.name)'", "\(positional.count)")
        }
        if let stranger = named.keys.sorted().first(where: { name in !macro.parameters.contains { $0.name == name } }) {
            throw error(line, "a parameter of '\(macro.name)'", "'\(stranger)'")
        }
        calls += 1
        let inner = scopes[2...]
        scopes.removeSubrange(2...)
        defer {
            calls -= 1
            scopes.removeSubrange(2...)
            scopes += inner
        }
        guard calls <= Self.deepestCall else {
            throw error(line, "at most \(Self.deepestCall) macros inside each other", "more")
        }
        return .string(
            try captured { interpreter in
                for (index, parameter) in macro.parameters.enumerated() {
                    let value: TemplateValue
                    if index < positional.count {
                        value = positional[index]
                    } else if let given = named[parameter.name] {
                        value = given
                    } else if let standard = parameter.standard {
                        value = try interpreter.evaluate(standard)
                    } else {
                        value = .undefined("parameter '\(parameter.name)' was not provided")
                    }
                    interpreter.scopes[interpreter.scopes.count - 1][parameter.name] = value
                }
                _ = try interpreter.run(macro.body)
            })
    }
}
