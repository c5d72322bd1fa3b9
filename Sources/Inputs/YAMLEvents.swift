import CYaml

/// Walks over a YAML text before Yams composes it. Composing resolves aliases, each to a copy that costs nothing, but
/// keys of mappings are hashed: with an alias of aliases of aliases as a key, a small text would keep it busy for years.
struct YAMLEvents {
    /// What is wrong, and the line, from 1.
    struct Problem: Error {
        var line: Int
        var expected: String
        var found: String
    }

    private struct Collection {
        let isMapping: Bool
        let anchor: String?
        /// Itself and the values in it so far, keys left out, as if all aliases were written out.
        var values = 1
        /// Keys and values that stand in it directly.
        var children = 0
    }

    private let limit: Int
    private var open: [Collection] = []
    private var anchored: [String: (values: Int, isScalar: Bool)] = [:]

    /// Throws `Problem` where the text expands to more than `limit` values or has a collection as a key. What is no YAML
    /// is left to the parser.
    static func check(_ text: String, limit: Int) throws(Problem) {
        var parser = yaml_parser_t()
        guard yaml_parser_initialize(&parser) == 1 else { return }
        defer { yaml_parser_delete(&parser) }
        yaml_parser_set_encoding(&parser, YAML_UTF8_ENCODING)
        var events = YAMLEvents(limit: limit)
        let bytes = Array(text.utf8)
        let problem = bytes.withUnsafeBufferPointer { bytes -> Problem? in
            yaml_parser_set_input_string(&parser, bytes.baseAddress, bytes.count)
            var event = yaml_event_t()
            while yaml_parser_parse(&parser, &event) == 1 {
                defer { yaml_event_delete(&event) }
                do throws(Problem) { try events.take(event) } catch { return error }
                if event.type == YAML_STREAM_END_EVENT { break }
            }
            return nil
        }
        if let problem { throw problem }
    }

    private init(limit: Int) {
        self.limit = limit
    }

    private mutating func take(_ event: yaml_event_t) throws(Problem) {
        let line = Int(event.start_mark.line) + 1
        switch event.type {
        case YAML_SCALAR_EVENT: try add(1, isScalar: true, Self.name(event.data.scalar.anchor), line)
        case YAML_ALIAS_EVENT:
            let (values, isScalar) = Self.name(event.data.alias.anchor).flatMap { anchored[$0] } ?? (1, true)
            try add(values, isScalar: isScalar, nil, line)
        case YAML_SEQUENCE_START_EVENT:
            open.append(Collection(isMapping: false, anchor: Self.name(event.data.sequence_start.anchor)))
        case YAML_MAPPING_START_EVENT:
            open.append(Collection(isMapping: true, anchor: Self.name(event.data.mapping_start.anchor)))
        case YAML_SEQUENCE_END_EVENT, YAML_MAPPING_END_EVENT:
            guard let closed = open.popLast() else { return }
            try add(closed.values, isScalar: false, closed.anchor, line)
        default: break
        }
    }

    /// A value has ended.
    private mutating func add(_ values: Int, isScalar: Bool, _ anchor: String?, _ line: Int) throws(Problem) {
        if let anchor { anchored[anchor] = (values, isScalar) }
        guard let last = open.indices.last else { return }
        let isKey = open[last].isMapping && open[last].children.isMultiple(of: 2)
        guard !isKey || isScalar else {
            throw Problem(line: line, expected: "a name as a key", found: "a list or a mapping")
        }
        open[last].children += 1
        // Neither is more than the limit.
        if !isKey { open[last].values += values }
        guard open[last].values <= limit else {
            throw Problem(line: line, expected: "at most \(limit) values", found: "more")
        }
    }

    private static func name(_ anchor: UnsafeMutablePointer<yaml_char_t>?) -> String? {
        anchor.map { String(cString: $0) }
    }
}
