import Inputs

/// One message of a conversation.
public struct ChatMessage: Sendable, Hashable {
    /// Who speaks: system, user or assistant, or what else the template knows.
    public var role: String
    public var content: String

    public init(role: String, content: String) {
        self.role = role
        self.content = content
    }
}

/// A chat template: a Jinja template that turns a conversation into a prompt, with the settings that transformers uses
/// (`trim_blocks`, `lstrip_blocks`, an immutable sandbox).
///
/// What a template may use: text, output, comments; `for`, `if`, `set`, `macro`, `break`, `continue`, `generation`; the
/// expressions, filters, tests and methods named in `TemplateBuiltins`. Anything else is refused with its line.
public struct ChatTemplate: Sendable {
    /// Bytes of a template's source: those of large models have up to 20,000.
    static let longest = 1 << 20

    private let program: Result<TemplateProgram, InputError>
    private let specialTokens: [String: String]

    /// Parses a template. `file` is its name in error messages; `specialTokens` are variables such as `bos_token`.
    /// Throws `InputError` with the line of the first thing that is not understood.
    public init(source: String, file: String, specialTokens: [String: String]) throws {
        program = .success(try TemplateProgram(source: source, file: file))
        self.specialTokens = specialTokens
    }

    /// Parses a template whose errors only matter once it is used: a model is good for plain text whatever its template.
    init(deferring source: String, file: String, specialTokens: [String: String]) {
        do throws(InputError) {
            program = .success(try TemplateProgram(source: source, file: file))
        } catch {
            program = .failure(error)
        }
        self.specialTokens = specialTokens
    }

    /// Renders a conversation. `addGenerationPrompt` ends it with what introduces the assistant's next message.
    /// Throws `InputError` with the line where the template fails or refuses the conversation.
    public func render(_ messages: [ChatMessage], addGenerationPrompt: Bool) throws -> String {
        try render(messages, addGenerationPrompt: addGenerationPrompt, base: TemplateBudget.base)
    }

    /// The same with another budget: `base` is what any rendering may cost.
    func render(_ messages: [ChatMessage], addGenerationPrompt: Bool, base: Int) throws -> String {
        var variables: [String: TemplateValue] = specialTokens.mapValues { .string($0) }
        variables["messages"] = .list(
            messages.map { .mapping(TemplateMapping([("role", .string($0.role)), ("content", .string($0.content))])) })
        variables["add_generation_prompt"] = .bool(addGenerationPrompt)
        variables["tools"] = TemplateValue.none
        variables["documents"] = TemplateValue.none
        return try program.get().render(variables, base: base)
    }
}
