import Foundation
import Inputs
import Wire

/// How a bundle gets to its place. A retried job has a partial one already, and at every moment one of the two is on the disk.
/// The new one is completed beside it (`.<job>.<mark>.new`), the old one is renamed (`.<job>.old`), the new one gets its name,
/// the old one is removed. After a crash in between `sweep` finishes this.
extension Bundle {
    /// A name beside the bundle's that nobody has.
    var draft: String { hidden("\(UUID().uuidString).new") }

    private var old: String { hidden("old") }

    private func hidden(_ mark: String) -> String {
        let url = URL(fileURLWithPath: folder)
        return url.deletingLastPathComponent().path + "/.\(url.lastPathComponent).\(mark)"
    }

    /// Removes it, with what a replacement that was ended midway has left beside it.
    func remove() throws {
        try Self.remove(old)
        try Self.remove(folder)
        try AtomicFile.sync(folder: URL(fileURLWithPath: folder).deletingLastPathComponent().path)
    }

    /// Gives a complete bundle its place; it is durable on return. Throws `InputError` of kind `temporary`.
    func take(_ draft: String) throws {
        if FileManager.default.fileExists(atPath: folder) {
            try Self.remove(old)
            try AtomicFile.move(folder, to: old)
        }
        try AtomicFile.move(draft, to: folder)
        try Self.remove(old)
    }

    /// Clears away what a fold that was ended midway left in the folder of all bundles.
    static func sweep(_ bundles: String) throws {
        for name in try names(in: bundles) where name.hasPrefix(".") {
            let path = bundles + "/" + name
            let place = bundles + "/" + name.dropFirst().dropLast(".old".count)
            if name.hasSuffix(".old"), !FileManager.default.fileExists(atPath: place) {
                try AtomicFile.move(path, to: place)
            } else {
                try remove(path)
            }
        }
        try AtomicFile.sync(folder: bundles)
    }

    /// Names in a folder. Throws `InputError`.
    static func names(in folder: String) throws -> [String] {
        do {
            return try FileManager.default.contentsOfDirectory(atPath: folder)
        } catch {
            throw InputError(
                folder, expected: "a readable folder", found: "\(error.localizedDescription)", kind: .temporary)
        }
    }

    /// Removes a file or folder, if it is there.
    static func remove(_ path: String) throws {
        guard FileManager.default.fileExists(atPath: path) else { return }
        do {
            try FileManager.default.removeItem(atPath: path)
        } catch {
            throw InputError(
                path, expected: "a file or folder that can be removed", found: "\(error.localizedDescription)",
                kind: .temporary)
        }
    }
}
