import Foundation
import Inputs
import Tensors

/// What stands at a path that should be a model or an adapter.
public enum InputKind: Sendable, Hashable {
    /// A Hugging Face folder: `config.json` beside safetensors.
    case modelFolder
    /// A PEFT folder: `adapter_config.json` beside its weights.
    case adapterFolder
    /// A file that begins with `GGUF`.
    case ggufFile

    /// Looks at names and first bytes only. Throws `InputError` for anything else, and for a folder that is both.
    public static func detect(_ path: String) throws -> InputKind {
        switch try Presence.of(path) {
        case .nothing: throw InputError(path, expected: expected, found: "no such file or folder")
        case .file: return try detectFile(path)
        case .folder: return try detectFolder(path)
        }
    }

    private static func detectFolder(_ path: String) throws -> InputKind {
        let holds: (String) throws -> Bool = { try Presence.isThere("\(path)/\($0)") }
        let weights = try ["model.safetensors", "model.safetensors.index.json"].filter(holds)
        switch (try holds("adapter_config.json"), try holds("config.json")) {
        case (true, true) where !weights.isEmpty:
            throw InputError(
                path, expected: expected, found: "both adapter_config.json and a model's \(weights[0])",
                hint: "give adapter and model a folder each")
        case (true, _): return .adapterFolder
        case (false, true): return .modelFolder
        case (false, false):
            throw InputError(path, expected: expected, found: "a folder without config.json or adapter_config.json")
        }
    }

    private static let expected = "a Hugging Face folder, a PEFT adapter folder or a GGUF file"

    private static func detectFile(_ path: String) throws -> InputKind {
        let file = try InputFile(path)
        guard try file.bytes(0..<min(4, file.size)) == GGUFFile.magic else {
            throw InputError(path, expected: expected, found: "a file that does not begin with GGUF")
        }
        return .ggufFile
    }
}
