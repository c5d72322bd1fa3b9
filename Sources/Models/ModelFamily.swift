import Inputs
import Tensors

/// A family of models: how its configurations become an `Architecture`, and what its checkpoints call their tensors.
///
/// One file in `Families/` each, and a line in `ModelFamilies`.
public struct ModelFamily: Sendable {
    /// What `model_type` of config.json says.
    public let name: String
    /// What `architectures` of config.json says.
    public let className: String
    /// Tensors that some checkpoints have and that decide nothing; `*` stands for a layer.
    public let unused: [String]
    /// Reads a config.json. Every key that the family knows must be asked for; others are refused afterwards.
    public let read: @Sendable (ConfigKeys) throws -> Architecture
    /// The family's form in GGUF files; nil if there is none, or if another family reads it.
    public let gguf: GGUF?

    /// A family as llama.cpp writes it.
    public struct GGUF: Sendable {
        /// What `general.architecture` says.
        public let name: String
        public let names: ModuleNames
        /// Tensors that are part of the configuration, or decide nothing; `*` stands for a layer.
        public let unused: [String]
        /// Whether rows of query and key heads stand as the pairs that llama.cpp's rotary embedding turns.
        public let hasRotaryPairs: Bool
        /// Reads the metadata. Every key that the family knows must be asked for; others are refused afterwards.
        public let read: @Sendable (GGUFKeys) throws -> Architecture

        /// Describes the form.
        public init(
            name: String, names: ModuleNames, unused: [String] = [], hasRotaryPairs: Bool,
            read: @escaping @Sendable (GGUFKeys) throws -> Architecture
        ) {
            (self.name, self.names, self.unused) = (name, names, unused)
            (self.hasRotaryPairs, self.read) = (hasRotaryPairs, read)
        }
    }

    /// Describes a family.
    public init(
        name: String, className: String, unused: [String] = [], gguf: GGUF? = nil,
        read: @escaping @Sendable (ConfigKeys) throws -> Architecture
    ) {
        (self.name, self.className, self.unused, self.gguf, self.read) = (name, className, unused, gguf, read)
    }
}

/// The families that checkpoints may be of.
public struct ModelFamilies: Sendable {
    private let list: [ModelFamily]

    /// All there are.
    public static let standard = ModelFamilies([.llama, .mistral])

    /// Takes families with different names.
    public init(_ list: [ModelFamily]) { self.list = list }

    /// The family that a config.json names. Throws `InputError` where it is not one of these.
    func family(of keys: ConfigKeys) throws -> ModelFamily {
        let type = try keys.required("model_type")
        let stated = try type.string()
        guard let family = list.first(where: { $0.name == stated }) else {
            throw type.error(expected: "one of the supported architectures \(Self.joined(list.map(\.name)))")
        }
        for architecture in try keys.optional("architectures")?.list() ?? [] {
            guard try architecture.string() == family.className else {
                throw architecture.error(
                    expected: family.className, hint: "supported architectures: \(Self.joined(list.map(\.className)))")
            }
        }
        return family
    }

    /// The family that a GGUF file names. Throws `InputError` where it is not one of these.
    func form(of file: GGUFFile) throws -> ModelFamily.GGUF {
        let forms = list.compactMap(\.gguf)
        let stated = try file.string("general.architecture")
        guard let form = forms.first(where: { $0.name == stated }) else {
            let names = forms.map { "\"\($0.name)\"" }
            throw file.error(
                "general.architecture",
                expected: names.count == 1
                    ? "the supported architecture \(names[0])"
                    : "one of the supported architectures \(Self.joined(names))")
        }
        return form
    }

    private static func joined(_ names: [String]) -> String { names.joined(separator: ", ") }
}
