import Foundation
import Inputs

/// Columns as a safetensors file.
enum ColumnFile {
    /// The file's bytes. Each column becomes an array F64 of shape [latents]; the order is the columns'.
    static func bytes(_ columns: LatentColumns, metadata: [String: String]) throws -> Data {
        let members = try columns.names.map { name in
            ArrayFile.Member(name: name, shape: [columns.latents], values: .doubles(try columns.required(name)))
        }
        return try ArrayFile(members).bytes(metadata: metadata)
    }

    /// Reads a file that `bytes` made. Throws `InputError` for anything else.
    static func columns(_ data: Data, file: String) throws -> LatentColumns {
        let members = try ArrayFile(data, file: file).members
        var columns = LatentColumns(latents: members.first?.shape.first ?? 0)
        for member in members {
            guard case .doubles(let values) = member.values, member.shape == [columns.latents] else {
                throw InputError(
                    "\(file): \(member.name)", expected: "\(columns.latents) numbers",
                    found: "an array of shape \(member.shape)")
            }
            columns.append(member.name, values)
        }
        return columns
    }
}
