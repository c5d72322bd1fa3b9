import Dictionaries
import Foundation
import Inputs
import Models
import Prompts

/// What lies below a folder that a job could name. Paths are relative to the folder, and sorted.
public struct FoundInputs: Sendable {
    /// An SAE folder or a file of directions.
    struct Dictionary: Sendable {
        let path: String
        let contents: LatentDictionary
    }

    /// A prompt set.
    struct Prompts: Sendable {
        let path: String
        let count: Int
    }

    private(set) var models: [String] = []
    private(set) var adapters: [String] = []
    private(set) var dictionaries: [Dictionary] = []
    private(set) var prompts: [Prompts] = []
    /// Whether there was more to look at than is looked at.
    public private(set) var isCut = false

    let folder: String
    private var looksLeft = 10_000
    /// Folders that were looked into, links resolved: links may lead in circles.
    private var visited: Set<String> = []
    private static let deepest = 6
    private static let largestPrompts = 64 << 20

    /// Looks at names, headers and prompt sets below a folder; what cannot be read is passed over. Throws `InputError` where the
    /// folder itself cannot be read.
    public init(below folder: String) throws {
        self.folder = folder
        guard try Presence.of(folder) == .folder else {
            throw InputError(folder, expected: "a folder to look into", found: "none", kind: .usage)
        }
        if isNew("") { look(into: "", depth: 0) }
    }

    private mutating func isNew(_ path: String) -> Bool {
        visited.insert(URL(fileURLWithPath: absolute(path)).resolvingSymlinksInPath().path).inserted
    }

    private mutating func look(into path: String, depth: Int) {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: absolute(path))) ?? []
        // A bundle of results is no input.
        guard !names.contains(Manifest.file) else { return }
        for name in names.sorted() where !name.hasPrefix(".") {
            guard looksLeft > 0, depth < Self.deepest else {
                isCut = true
                return
            }
            looksLeft -= 1
            let inner = path.isEmpty ? name : "\(path)/\(name)"
            switch try? Presence.of(absolute(inner)) {
            case .folder: takeFolder(inner, depth: depth + 1)
            case .file: takeFile(inner)
            case .nothing, nil: break
            }
        }
    }

    private mutating func takeFolder(_ path: String, depth: Int) {
        guard isNew(path) else { return }
        switch try? InputKind.detect(absolute(path)) {
        case .modelFolder: models.append(path)
        case .adapterFolder:
            adapters.append(path)
            // Trainers keep earlier steps of an adapter inside of it.
            look(into: path, depth: depth)
        case .ggufFile, nil:
            if let dictionary = try? DictionaryFormats.all.open(absolute(path)) {
                dictionaries.append(Dictionary(path: path, contents: dictionary))
            } else {
                look(into: path, depth: depth)
            }
        }
    }

    private mutating func takeFile(_ path: String) {
        switch URL(fileURLWithPath: path).pathExtension {
        case "gguf":
            if (try? InputKind.detect(absolute(path))) == .ggufFile { models.append(path) }
        case "safetensors", "npz":
            // An adapter's own weights are no directions.
            guard !path.hasSuffix("adapter_model.safetensors"),
                let dictionary = try? DictionaryFormats.all.open(absolute(path))
            else { return }
            dictionaries.append(Dictionary(path: path, contents: dictionary))
        case "jsonl", "txt", "yaml":
            guard let file = try? InputFile(absolute(path)), file.size <= Self.largestPrompts,
                let set = try? PromptSet(file: absolute(path))
            else { return }
            prompts.append(Prompts(path: path, count: set.prompts.count))
        default: break
        }
    }

    func absolute(_ path: String) -> String { path.isEmpty ? folder : "\(folder)/\(path)" }
}
