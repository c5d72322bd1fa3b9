import Foundation
import Inputs
import Wire

/// A finished result bundle on disk: a folder of plain files.
struct Bundle {
    let folder: String

    /// Its files by name, with sizes and digests. Throws `InputError` for a folder that cannot be read.
    func files() throws -> [BundleFile] {
        let names: [String]
        do {
            names = try FileManager.default.contentsOfDirectory(atPath: folder).sorted()
        } catch {
            throw InputError(
                folder, expected: "a result bundle", found: "\(error.localizedDescription)", kind: .temporary)
        }
        return try names.map { name in
            let file = try InputFile(own: folder + "/" + name)
            return BundleFile(name: name, size: file.size, digest: try Digest(of: file))
        }
    }

    /// Up to `WireLimits.fileBytes` bytes of a file from an offset.
    func slice(of file: BundleFile, from offset: Int) throws -> [UInt8] {
        let stored = try InputFile(own: folder + "/" + file.name)
        guard stored.size == file.size else {
            throw InputError(stored.path, expected: "\(file.size) bytes", found: "\(stored.size)", kind: .temporary)
        }
        guard (0...file.size).contains(offset) else {
            throw InputError(stored.path, expected: "an offset of at most \(file.size)", found: "\(offset)")
        }
        return try stored.bytes(offset..<offset + min(file.size - offset, WireLimits.fileBytes))
    }
}
