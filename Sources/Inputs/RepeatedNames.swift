import Foundation

/// Finds names that stand twice in a JSON object: readers disagree on which of the two counts, and parsing loses one.
struct RepeatedNames {
    /// An object or a list that is open. The way to it is put together only where it is told: to keep it with each would take
    /// as much memory as the names of all levels, again at every level.
    private struct Container {
        /// nil for a list.
        var names: Set<[UInt8]>?
        /// The name whose value it is; nil at the root and in lists.
        var name: [UInt8]?
    }

    private var open: [Container] = []
    /// Where the string that was read last stands, with its quotes, and whether there is a backslash in it.
    private var literal = 0..<0
    private var isEscaped = false
    /// The name whose value comes next.
    private var key: [UInt8] = []

    /// The first repeated name and the way to its object, such as `hooks[]`; nil if there is none. The text must be JSON
    /// that has already been parsed without error.
    static func first(in json: Data) -> (name: String, key: String)? {
        json.withUnsafeBytes { first(in: $0) }
    }

    private static func first(in json: UnsafeRawBufferPointer) -> (name: String, key: String)? {
        var scan = RepeatedNames()
        var at = 0
        while at < json.count {
            if json[at] == UInt8(ascii: "\"") {
                at = scan.takeString(json, from: at)
            } else {
                if let found = scan.take(json[at], json) { return found }
                at += 1
            }
        }
        return nil
    }

    /// Passes over a string; returns where its text goes on.
    private mutating func takeString(_ json: UnsafeRawBufferPointer, from start: Int) -> Int {
        var at = start + 1
        isEscaped = false
        while at < json.count, json[at] != UInt8(ascii: "\"") {
            let isBackslash = json[at] == UInt8(ascii: "\\")
            isEscaped = isEscaped || isBackslash
            at += isBackslash ? 2 : 1
        }
        literal = start..<min(at + 1, json.count)
        return literal.upperBound
    }

    private mutating func take(_ byte: UInt8, _ json: UnsafeRawBufferPointer) -> (name: String, key: String)? {
        switch byte {
        case UInt8(ascii: "{"): open.append(Container(names: [], name: nameOfNext))
        case UInt8(ascii: "["): open.append(Container(names: nil, name: nameOfNext))
        case UInt8(ascii: "}"), UInt8(ascii: "]"): _ = open.popLast()
        case UInt8(ascii: ":"):
            key = decoded(json)
            guard let last = open.indices.last, open[last].names?.insert(key).inserted == false else { break }
            return (String(decoding: key, as: UTF8.self), way)
        default: break
        }
        return nil
    }

    /// The name of the value that begins here.
    private var nameOfNext: [UInt8]? { open.last?.names == nil ? nil : key }

    /// The way to the innermost object.
    private var way: String {
        open.reduce(into: "") { way, container in
            if let name = container.name {
                way += (way.isEmpty ? "" : ".") + String(decoding: name, as: UTF8.self)
            }
            if container.names == nil { way += "[]" }
        }
    }

    /// The UTF-8 that the last string stands for.
    private func decoded(_ json: UnsafeRawBufferPointer) -> [UInt8] {
        guard isEscaped else { return Array(json[literal].dropFirst().dropLast()) }
        return Array(((try? JSONDecoder().decode(String.self, from: Data(json[literal]))) ?? "").utf8)
    }
}
