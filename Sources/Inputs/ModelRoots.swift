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

    /// The roots that hold on this thread.
    @TaskLocal static var inForce: ModelRoots?

    /// Calls `body`, in which every `InputFile` is below the roots, whichever links lead to it. Without roots, anywhere.
    ///
    /// It holds on this thread, for as long as `body` runs, and for all that a kind of work opens in it.
    public static func confine<Result>(to roots: ModelRoots?, _ body: () throws -> Result) rethrows -> Result {
        try $inForce.withValue(roots, operation: body)
    }

    /// Throws `InputError` for a path that leads out of the roots, to the canonical path `place`.
    func check(_ path: String, leadsTo place: String?) throws {
        guard let place, Self.isBelow(place, folders) else {
            throw outside(
                path, place.map { "a way to \($0), outside them" } ?? "one outside them",
                hint: "; links in a Hugging Face snapshot lead to the cache's folder of blobs")
        }
    }

    private func outside(_ path: String, _ found: String, hint: String = "") -> InputError {
        InputError(
            path, expected: "a path below one of the \(owner)'s model roots (\(folders.joined(separator: ", ")))",
            found: found, hint: "add the folder to the \(owner)'s model_roots" + hint, kind: .configuration)
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

extension ModelRoots {
    /// Roots for inputs that the machine's own user has named: the inputs, and what links inside their folders lead to. A
    /// folder of the Hugging Face cache is made of links to blobs elsewhere.
    public static func covering(_ inputs: some Sequence<String>) -> Set<String> {
        var roots = Set(inputs)
        for folder in roots.compactMap(canonical) {
            let names = FileManager.default.enumerator(atPath: folder)
            while let name = names?.nextObject() as? String {
                var status = stat()
                let path = folder + "/" + name
                guard lstat(path, &status) == 0, status.st_mode & S_IFMT == S_IFLNK, let target = canonical(path) else {
                    continue
                }
                if !isBelow(target, [folder]) { roots.insert(target) }
            }
        }
        return roots
    }
}
