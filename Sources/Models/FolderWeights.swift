import Inputs
import Tensors

/// The safetensors of a Hugging Face folder: one file, or shards under an index.
struct FolderWeights {
    let tensors: [String: TensorView]
    let files: [String]

    private static let single = "model.safetensors"
    private static let index = "model.safetensors.index.json"

    init(_ folder: String) throws {
        let (singlePath, indexPath) = ("\(folder)/\(Self.single)", "\(folder)/\(Self.index)")
        switch (try Presence.isThere(singlePath), try Presence.isThere(indexPath)) {
        case (true, false):
            tensors = try SafetensorsFile(singlePath).tensors
            files = [singlePath]
        case (false, true):
            (tensors, files) = try Self.shards(indexPath, in: folder)
        case (true, true):
            throw InputError(
                folder, expected: "\(Self.single) or \(Self.index)", found: "both", hint: "remove the one that is stale"
            )
        case (false, false):
            throw Self.missing(folder)
        }
    }

    private static func missing(_ folder: String) -> InputError {
        let names = (try? InputFolder.names(folder)) ?? []
        let pickle = names.filter { $0.hasSuffix(".bin") || $0.hasSuffix(".pt") || $0.hasSuffix(".pth") }.min()
        return InputError(
            folder, expected: "\(single) or \(index)", found: pickle.map { "\($0), a pickle" } ?? "neither",
            hint: pickle == nil ? "" : "pickles can run code and are not read: save the model as safetensors")
    }

    private static func shards(
        _ indexPath: String, in folder: String
    ) throws -> (tensors: [String: TensorView], files: [String]) {
        let weightMap = try Document(jsonFile: indexPath).required("weight_map")
        var shards: [String: SafetensorsFile] = [:]
        var tensors: [String: TensorView] = [:]
        for name in try weightMap.object().keys.sorted() {
            let entry = try weightMap.required(name)
            let shardName = try entry.string()
            guard staysInside(shardName) else {
                throw entry.error(expected: "a file inside the folder")
            }
            let shard = try shards[shardName] ?? SafetensorsFile("\(folder)/\(shardName)")
            shards[shardName] = shard
            guard let tensor = shard.tensors[name] else {
                throw InputError(
                    "\(folder)/\(shardName): \(name)", expected: "this tensor, as \(index) says",
                    found: "no such tensor")
            }
            tensors[name] = tensor
        }
        return (tensors, [indexPath] + shards.keys.sorted().map { "\(folder)/\($0)" })
    }

    private static func staysInside(_ name: String) -> Bool {
        !name.isEmpty && !name.hasPrefix("/") && !name.split(separator: "/").contains("..")
            && !name.unicodeScalars.contains { $0.value < 32 || $0 == "\\" }
    }
}
