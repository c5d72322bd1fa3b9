import Foundation
import Inputs
import Wire

/// A result bundle on its way into a folder, which appears when all of it is there and checked. What was fetched goes away
/// with the object unless it was finished.
final class IncomingBundle {
    private let folder: NewFolder

    /// Throws `InputError` for a target that exists, and for a parent folder that cannot be written.
    init(_ path: String) throws {
        folder = try NewFolder(path)
    }

    /// Throws `InputError` for files that come to more than a bundle may, or than there is room for; where that many bytes are
    /// not named, the file system says how many.
    func checkRoom(for files: [BundleFile], room: Int? = nil) throws {
        var total = 0
        for file in files {
            let (sum, isTooMuch) = total.addingReportingOverflow(file.size)
            guard file.size >= 0, !isTooMuch, sum <= Self.mostBytes else {
                throw InputError(
                    "the bundle", expected: "files of \(Self.mostBytes) bytes at most, all together", found: "more")
            }
            total = sum
        }
        guard let room = room ?? folder.freeBytes, room < total else { return }
        throw InputError(
            folder.place, expected: "room for the bundle's \(total) bytes", found: "\(room) bytes", kind: .temporary)
    }

    /// More than any job comes to.
    private static let mostBytes = 1 << 40

    /// Writes one file from the slices that `next` brings from an offset on, and checks it.
    func write(_ file: BundleFile, next: (Int) throws -> [UInt8]) throws {
        guard !file.name.isEmpty, !file.name.contains("/"), !file.name.contains("\0"), !file.name.hasPrefix(".") else {
            throw InputError("the bundle", expected: "plain file names", found: "'\(file.name)'")
        }
        let path = folder.place + "/" + file.name
        try folder.file(file.name) { output in
            var size = 0
            while size < file.size {
                let bytes = try next(size)
                guard !bytes.isEmpty, bytes.count <= file.size - size else {
                    throw InputError(path, expected: "\(file.size - size) more bytes", found: "\(bytes.count)")
                }
                try output.append(bytes)
                size += bytes.count
            }
        }
        let digest = try Digest(of: InputFile(own: path))
        guard digest == file.digest else {
            throw InputError(path, expected: "a file with digest \(file.digest)", found: "\(digest)")
        }
    }

    /// Puts the folder in its place.
    func finish() throws {
        try folder.publish()
    }
}
