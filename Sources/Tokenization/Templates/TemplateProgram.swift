import Inputs

/// A parsed template, ready to be rendered any number of times.
struct TemplateProgram: Sendable {
    let file: String
    let statements: [TemplateStatement]

    init(source: String, file: String) throws(InputError) {
        guard source.utf8.count <= ChatTemplate.longest else {
            throw InputError(
                file, expected: "a chat template of at most \(ChatTemplate.longest) bytes",
                found: "\(source.utf8.count) bytes")
        }
        var parser = try TemplateParser(source: source, file: file)
        self.file = file
        statements = try parser.template()
    }

    /// Renders with these variables at the outermost level; `base` is what any rendering may cost.
    func render(_ variables: [String: TemplateValue], base: Int) throws -> String {
        var interpreter = try TemplateInterpreter(file: file, variables: variables, base: base)
        _ = try interpreter.run(statements)
        return interpreter.output
    }
}
