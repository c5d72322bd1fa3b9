/// A value while a template is rendered, with the meaning of the Python value it stands for.
indirect enum TemplateValue {
    /// A name or member that is not there; prints as nothing, and anything but a test of it fails.
    case undefined(String)
    case none
    case bool(Bool)
    case integer(Int)
    case float(Double)
    /// Compared, counted and cut by Unicode scalars, as Python does.
    case string(String)
    case list([TemplateValue])
    case tuple([TemplateValue])
    case mapping(TemplateMapping)
    case namespace(TemplateNamespace)
    case function(TemplateFunction)
    case macro(TemplateMacro)
    case loop(TemplateLoopState)
}

/// Members in the order they were put in.
struct TemplateMapping {
    struct Member {
        var key: TemplateValue
        var value: TemplateValue
    }

    private(set) var members: [Member] = []

    init(_ members: [(String, TemplateValue)] = []) {
        self.members = members.map { Member(key: .string($0.0), value: $0.1) }
    }

    subscript(key: TemplateValue) -> TemplateValue? {
        get { members.first { $0.key.equals(key) }?.value }
        set {
            if let index = members.firstIndex(where: { $0.key.equals(key) }) {
                if let newValue { members[index].value = newValue } else { members.remove(at: index) }
            } else if let newValue {
                members.append(Member(key: key, value: newValue))
            }
        }
    }
}

/// What `namespace()` makes: the one thing a template can change from inside a loop.
final class TemplateNamespace {
    var members = TemplateMapping()
}

/// What a loop tells about itself.
final class TemplateLoopState {
    let items: [TemplateValue]
    var index = 0

    init(_ items: [TemplateValue]) {
        self.items = items
    }

    func member(_ name: String) -> TemplateValue? {
        switch name {
        case "index": .integer(index + 1)
        case "index0": .integer(index)
        case "revindex": .integer(items.count - index)
        case "revindex0": .integer(items.count - index - 1)
        case "first": .bool(index == 0)
        case "last": .bool(index == items.count - 1)
        case "length": .integer(items.count)
        case "previtem": index > 0 ? items[index - 1] : .undefined("there is no previous item")
        case "nextitem": index + 1 < items.count ? items[index + 1] : .undefined("there is no next item")
        default: nil
        }
    }
}

extension TemplateValue {
    /// Python's truth.
    var isTrue: Bool {
        switch self {
        case .undefined, .none: false
        case .bool(let flag): flag
        case .integer(let whole): whole != 0
        case .float(let number): number != 0
        case .string(let text): !text.isEmpty
        case .list(let items), .tuple(let items): !items.isEmpty
        case .mapping(let mapping): !mapping.members.isEmpty
        case .namespace, .function, .macro, .loop: true
        }
    }

    /// The name of the kind of value, for error messages.
    var kind: String {
        switch self {
        case .undefined(let name): "an undefined value (\(name))"
        case .none: "none"
        case .bool: "a truth value"
        case .integer: "a whole number"
        case .float: "a number"
        case .string: "a string"
        case .list: "a list"
        case .tuple: "a tuple"
        case .mapping: "a mapping"
        case .namespace: "a namespace"
        case .function: "a function"
        case .macro: "a macro"
        case .loop: "a loop"
        }
    }

    /// The value as a number, truth values counting as 0 and 1.
    var number: TemplateNumber? {
        switch self {
        case .bool(let flag): .integer(flag ? 1 : 0)
        case .integer(let whole): .integer(whole)
        case .float(let number): .float(number)
        default: nil
        }
    }

    /// What a loop over the value goes through; nil for what cannot be gone through.
    var elements: [TemplateValue]? {
        switch self {
        case .undefined: []
        case .string(let text): text.unicodeScalars.map { .string(String($0)) }
        case .list(let items), .tuple(let items): items
        case .mapping(let mapping): mapping.members.map(\.key)
        default: nil
        }
    }

    /// Whether a loop can go through the value.
    var isIterable: Bool {
        switch self {
        case .undefined, .string, .list, .tuple, .mapping: true
        case .none, .bool, .integer, .float, .namespace, .function, .macro, .loop: false
        }
    }

    /// Python's `==`.
    func equals(_ other: TemplateValue) -> Bool {
        if let left = number, let right = other.number { return left.double == right.double && left.equals(right) }
        switch (self, other) {
        case (.undefined, .undefined), (.none, .none): return true
        case (.string(let left), .string(let right)):
            return left.utf8.count == right.utf8.count && left.utf8.elementsEqual(right.utf8)
        case (.list(let left), .list(let right)), (.tuple(let left), .tuple(let right)):
            return left.elementsEqual(right) { $0.equals($1) }
        case (.mapping(let left), .mapping(let right)):
            return left.members.count == right.members.count
                && left.members.allSatisfy { member in right[member.key].map { $0.equals(member.value) } ?? false }
        case (.namespace(let left), .namespace(let right)): return left === right
        default: return false
        }
    }
}

/// A whole or a binary64 number.
enum TemplateNumber {
    case integer(Int)
    case float(Double)

    var double: Double {
        switch self {
        case .integer(let whole): Double(whole)
        case .float(let number): number
        }
    }

    func equals(_ other: TemplateNumber) -> Bool {
        if case .integer(let left) = self, case .integer(let right) = other { return left == right }
        return double == other.double
    }

    func isLess(than other: TemplateNumber) -> Bool {
        if case .integer(let left) = self, case .integer(let right) = other { return left < right }
        return double < other.double
    }
}
