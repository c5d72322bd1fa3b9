import Foundation
import Inputs

/// A way to store dictionaries, recognised by what files hold.
public protocol DictionaryFormat: Sendable {
    /// Such as `SAELens`.
    var name: String { get }
    /// What its files look like, for the error where no format recognises a path.
    var signature: String { get }
    /// The dictionary at `path`; nil where it is none of this format. Throws `InputError` where it is one, and wrong.
    func open(_ path: String) throws -> LatentDictionary?
}

/// The formats that a program knows.
public struct DictionaryFormats: Sendable {
    private let formats: [any DictionaryFormat]

    /// All formats there are.
    public static let all = DictionaryFormats([SAELensFormat(), DirectionsFormat()])

    /// Takes formats; their order does not matter.
    public init(_ formats: [any DictionaryFormat]) {
        self.formats = formats
    }

    /// The dictionary at `path`. Throws `InputError` where it is wrong, and unless exactly one format recognises it.
    public func open(_ path: String) throws -> LatentDictionary {
        let found = try formats.compactMap { try $0.open(path) }
        guard let dictionary = found.first else {
            let known = formats.map { "\($0.name) (\($0.signature))" }.joined(separator: " or ")
            throw InputError(
                path, expected: "a dictionary in one of the formats \(known)", found: Self.describe(path),
                hint: "other formats are not supported yet; SAELens can convert most SAEs")
        }
        guard found.count == 1 else {
            throw InputError(
                path, expected: "a dictionary of one format",
                found: "what could be any of \(found.map(\.format).joined(separator: ", "))",
                hint: "leave only the files of one format in the folder")
        }
        return dictionary
    }

    /// What is at a path instead of a dictionary.
    private static func describe(_ path: String) -> String {
        var isFolder: ObjCBool = false
        guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) else { return "nothing" }
        guard isFolder.boolValue else { return "a file of another format" }
        guard let names = try? InputFolder.names(path).sorted(), !names.isEmpty else {
            return "an empty folder or one that cannot be read"
        }
        let shown = names.prefix(8).joined(separator: ", ")
        return "a folder with \(shown)" + (names.count > 8 ? " and \(names.count - 8) more" : "")
    }
}
