import Foundation

/// The folders below which a worker opens models, and below which a coordinator opens what jobs name: a message from
/// outside must not make them read anything else.
public struct ModelRoots: Sendable, Hashable {
    /// Canonical paths.
    public let folders: [String]
    /// The folders as they were given, without `.` and `..`.
    private let written: [String]
    private let owner: String

    /// Resolves the folders. Throws `InputError` for one that does not exist. `owner` says in errors whose they are.
    public init(_ paths: [String], of owner: String = "worker") throws {
        folders = try paths.map { path in
            guard let canonical = Self.canonical(path) else {
                throw InputError(
                    path, expected: "an existing folder as a model root", found: String(cString: strerror(errno)),
                    kind: .configuration)
            }
            return canonical
        }
        written = paths.map { URL(fileURLWithPath: $0).standardizedFileURL.path }
        self.owner = owner
    }

    /// The canonical path of an input, with all links followed. Throws `InputError` for one that does not exist or that
    /// is outside all roots; of what is outside it says nothing, not even whether it is there.
    public func resolve(_ path: String) throws -> String {
        guard path.hasPrefix("/") else {
            throw InputError(path, expected: "an absolute path", found: "a relative one")
        }
        let plain = URL(fileURLWithPath: path).standardizedFileURL.path
        let looksInside = Self.isBelow(plain, folders + written)
        guard let canonical = Self.canonical(path) else {
            let reason = String(cString: strerror(errno))
            guard looksInside else { throw outside(path, "one outside them") }
            throw InputError(
                path, expected: "a file or folder on the \(owner)'s machine", found: reason,
                hint: "workers must see the models under the same paths as the coordinator", kind: .configuration)
        }
        guard Self.isBelow(canonical, folders) else {
            throw outside(path, looksInside ? "a way to \(canonical), outside them" : "one outside them")
        }
        return canonical
    }

    private func outside(_ path: String, _ found: String) -> InputError {
        InputError(
            path, expected: "a path below one of the \(owner)'s model roots (\(folders.joined(separator: ", ")))",
            found: found, hint: "add the folder to the \(owner)'s model_roots", kind: .configuration)
    }

    private static func isBelow(_ path: String, _ roots: [String]) -> Bool {
        roots.contains { root in path == root || path.hasPrefix(root == "/" ? root : root + "/") }
    }

    private static func canonical(_ path: String) -> String? {
        guard let resolved = realpath(path, nil) else { return nil }
        defer { free(resolved) }
        return String(cString: resolved)
    }
}
