import Foundation
import Inputs
import Testing

@testable import Tokenization

struct ChatTemplateTests {
    struct Message: Decodable {
        var role: String
        var content: String
    }

    struct Result: Decodable {
        var messages: [Message]
        var add_generation_prompt: Bool
        var text: String?
        var error: String?
    }

    struct Template: Decodable {
        var name: String
        var source: String
        var results: [Result]
    }

    struct Line: Decodable {
        var source: String
        var text: String?
        var error: String?
    }

    struct Golden: Decodable {
        var special_tokens: [String: String]
        var messages: [Message]
        var templates: [Template]
        var lines: [Line]
    }

    private func render(
        _ source: String, _ messages: [Message], _ tokens: [String: String], addGenerationPrompt: Bool = true
    ) throws -> String {
        try ChatTemplate(source: source, file: "t.jinja", specialTokens: tokens).render(
            messages.map { ChatMessage(role: $0.role, content: $0.content) }, addGenerationPrompt: addGenerationPrompt)
    }

    @Test("templates render what Jinja renders, and refuse what it refuses")
    func templates() throws {
        let golden = try Goldens.decode(Golden.self, "templates.json")
        for template in golden.templates {
            for result in template.results {
                let text = try? render(
                    template.source, result.messages, golden.special_tokens,
                    addGenerationPrompt: result.add_generation_prompt)
                #expect(
                    text?.unicodeScalars.map(\.value) == result.text?.unicodeScalars.map(\.value), "\(template.name)")
            }
        }
        #expect(golden.templates.count == 14)
    }

    @Test("expressions, statements and white space mean what they mean in Jinja")
    func lines() throws {
        let golden = try Goldens.decode(Golden.self, "templates.json")
        for line in golden.lines {
            let text = try? render(line.source, golden.messages, golden.special_tokens)
            #expect(text?.unicodeScalars.map(\.value) == line.text?.unicodeScalars.map(\.value), "\(line.source)")
        }
        print("\(golden.lines.count) lines, \(golden.lines.count { $0.error != nil }) of them refused by Jinja too")
    }

    @Test(
        "what is not understood is refused with its line and name",
        arguments: [
            (
                "a\n{% include 'x' %}",
                "2: expected one of the statements for, if, set, macro, break, continue, generation, found 'include'"
            ),
            ("\n\n{{ x | sha256 }}", "found 'sha256'"),
            ("{{ x is prime }}", "1: expected one of the tests boolean, defined"),
            (
                "{{ lipsum() }}",
                "1: expected one of the functions dict, namespace, range, raise_exception, or a macro, found 'lipsum'"
            ),
            ("{{ x | indent(wide=1) }}", "1: expected the arguments width, first, blank of 'indent', found 'wide'"),
            ("{{ x | upper(1) }}", "1: expected at most 0 arguments of 'upper', found 1"),
            ("{{ x.strip('a', 'b') }}", "1: expected at most 1 arguments of 'strip', found 2"),
            ("{{ x is divisibleby }}", "1: expected an argument of 'divisibleby', found '}}'"),
            ("{{ x is string(1) }}", "1: expected at most 0 arguments of 'string', found 1"),
            ("{{ strftime_now('%d') }}", "hint: the prompt would change with the day"),
            ("{{ x.append(1) }}", "1: expected one of the methods capitalize, endswith"),
            ("{{ x.__class__ }}", "1: expected an attribute that does not start with '_', found '__class__'"),
            ("{% if x %}", "1: expected 'elif' or 'else' or 'endif', found the end of the template"),
            ("{% for x in y %}{% endif %}", "1: expected one of the statements"),
            ("{% break %}", "1: expected one of the statements"),
            ("{% for x in y %}{% macro m() %}{% endmacro %}{% endfor %}", "1: expected macros outside of loops"),
            ("{{ 1 +", "1: expected '}}', found the end of the template"),
            ("{{ 1 + }}", "1: expected an expression, found '}}'"),
            ("{{ 'x }}", "1: expected a closing ', found the end of the template"),
            ("{{ a b }}", "1: expected '}}', found 'b'"),
            ("{{ a ; b }}", "1: expected a name, a literal or an operator, found ';'"),
            ("{# x", "1: expected '#}' after '{#', found the end of the template"),
            ("{{ 1_000 }}", "1: expected a decimal number, found '1_'"),
            ("{{ 99999999999999999999 }}", "1: expected a number that fits in 64 bits"),
            ("{{ '\\u12' }}", "1: expected 4 hexadecimal digits of a character after '\\u'"),
            ("{% for x in y recursive %}{% endfor %}", "hint: recursive loops are not supported"),
        ])
    func refused(_ source: String, _ expected: String) {
        let text = refusal { _ = try ChatTemplate(source: source, file: "t.jinja", specialTokens: [:]) }
        #expect(text.hasPrefix("t.jinja:") && text.contains(expected), "\(text)")
    }

    @Test(
        "what fails while rendering names its line",
        arguments: [
            (
                "a\n{{ raise_exception('roles must alternate') }}",
                "t.jinja:2: expected a conversation that this template accepts, found its message: roles must alternate"
            ),
            ("{{ nothing.x }}", "t.jinja:1: expected a value with the attribute 'x', found 'nothing' is undefined"),
            ("\n{{ 'a' + 1 }}", "t.jinja:2: expected operands that '+' can join, found a string and a whole number"),
            ("{% for x in 5 %}{% endfor %}", "t.jinja:1: expected something to loop over, found a whole number"),
            ("{% set x.y = 1 %}", "t.jinja:1: expected a namespace to set 'y' of, found no 'x'"),
            ("{{ loop.x }}", "t.jinja:1: expected a value with the attribute 'x', found 'loop' is undefined"),
            ("{% for x in [1] %}{{ loop.changed }}{% endfor %}", "found 'changed'"),
            ("{{ 9223372036854775807 + 1 }}", "t.jinja:1: expected whole numbers of 64 bits, found a larger result"),
            ("{{ range }}", "t.jinja:1: expected a value that can be printed, found a function"),
            ("{{ dict(a=1).items }}", "t.jinja:1: expected a call of the method 'items', or ['items'] for the key"),
        ])
    func failing(_ source: String, _ expected: String) {
        let text = refusal {
            _ = try ChatTemplate(source: source, file: "t.jinja", specialTokens: [:])
                .render([], addGenerationPrompt: false)
        }
        #expect(text.contains(expected), "\(text)")
    }

    @Test("templates that do not end, or grow without bound, are stopped")
    func bounded() throws {
        func text(_ source: String) -> String {
            refusal {
                _ = try ChatTemplate(source: source, file: "t.jinja", specialTokens: [:])
                    .render([], addGenerationPrompt: false)
            }
        }
        #expect(text("{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}").contains("at most 8 macros inside each other"))
        #expect(text("{{ range(200000) }}").contains("expected a range of at most 100000 numbers"))
        let deep = String(repeating: "(", count: 1000) + "1" + String(repeating: ")", count: 1000)
        #expect(text("{{ \(deep) }}").contains("t.jinja:1: expected at most 32 levels of nesting, found more"))
        #expect(text("{{ \(String(repeating: "-", count: 1000))1 }}").contains("levels of nesting"))
        #expect(text(String(repeating: "{% if x %}", count: 1000)).contains("levels of nesting"))
        for link in ["+ 1 ", "or 1 ", "and 1 ", ".a", "[0]", "|trim", "if 1 else 1 "] {
            let chain = "{{ 1 \(String(repeating: link, count: 1000)) }}"
            #expect(text(chain).contains("of nesting") || text(chain).contains("at most 128 operations in one tag"))
        }
        let nesting = "{% set n = namespace(x=1) %}{% for a in range(999) %}{% set n.x = [n.x] %}{% endfor %}{{ n.x }}"
        #expect(text(nesting) == "t.jinja: expected at most 32 containers in each other, found more")
    }

    @Test("an error says what was found where that has no text")
    func nothingFound() {
        let text = refusal {
            _ = try ChatTemplate(source: "{{ 'a'|indent(x) }}", file: "t.jinja", specialTokens: [:])
                .render([], addGenerationPrompt: false)
        }
        #expect(text == "t.jinja:1: expected a width from 0 to 1000 for 'indent', found nothing")
    }

    /// Each of these aborted, or ran for minutes to years, or took gigabytes.
    @Test(
        "whatever a template repeats or nests is stopped by its budget, which names the template",
        arguments: [
            "{{ range(100000)|join('a'*1000000) }}",
            "{{ 'x' * 9223372036854775807 }}",
            "{% for a in range(9999) %}{% for b in range(9999) %}{% endfor %}{% endfor %}",
            "{% set n = namespace(s='xxxxxxxx') %}{% for a in range(99) %}{% set n.s = n.s ~ n.s %}{% endfor %}",
            "{% set n = namespace(s='xxxxxxxx') %}{% for a in range(99) %}{% set n.s = n.s + n.s %}{% endfor %}",
            "{% set n = namespace(s=[1]) %}{% for a in range(99) %}{% set n.s = n.s + n.s %}{% endfor %}",
            "{% set n = namespace(s=[1]) %}{% for a in range(31) %}{% set n.s = [n.s, n.s] %}{% endfor %}",
            "{% set n = namespace(s=[1]) %}{% for a in range(25) %}{% set n.s = [n.s, n.s] %}{% endfor %}{{ n.s }}",
            "{% set n = namespace(s=[1]) %}{% for a in range(20) %}{% set n.s = [n.s, n.s] %}{% endfor %}"
                + "{% for i in range(1000) %}{% if n.s == [n.s] or n.s == n.s %}{% endif %}{% endfor %}",
            "{% set n = namespace(s=[1]) %}{% for a in range(20) %}{% set n.s = [n.s, n.s] %}{% endfor %}"
                + "{% for i in range(1000) %}{% if n.s in [1, n.s] %}{% endif %}{% endfor %}",
            "{% set n = namespace(s=[1]) %}{% for a in range(20) %}{% set n.s = [n.s, n.s] %}{% endfor %}"
                + "{% for i in range(1000) %}{{ n.s|tojson(indent=64)|length }}{% endfor %}",
            "{% set s = 'ab' * 1000000 %}{% for i in range(1000) %}{{ s.replace('', 'xxxxxxxx')|length }}{% endfor %}",
            "{% set s = 'a' * 1000000 %}{% for i in range(10000) %}{{ s|length }}{% endfor %}",
            "{% set s = 'a' * 1000000 %}{% for i in range(10000) %}{{ s[5] }}{{ s[1:3] }}{% endfor %}",
            "{% set s = 'a' * 1000000 %}{% for i in range(10000) %}{% if 'b' in s %}{% endif %}{% endfor %}",
            "{% set s = 'a' * 1000000 %}{% set t = 'a' * 500000 + 'b' %}{% for i in range(99) %}{{ s.find(t) }}{% endfor %}",
            "{% set s = 'a' * 1000000 %}{% for i in range(10000) %}{% if s == s + '' %}{% endif %}{% endfor %}",
            "{% set s = 'a' * 1000000 %}{% for i in range(10000) %}{{ s.split('a')|length }}{% endfor %}",
            "{% set s = 'a' * 1000000 %}{% for i in range(10000) %}{{ s.upper()|trim('b')|title|first }}{% endfor %}",
            "{% set s = 'a\n' * 1000000 %}{% for i in range(99) %}{{ s|indent(1000)|length }}{% endfor %}",
            "{% set s = 'a' * 1000000 %}{% for i in range(10000) %}{% set l = s|list %}{% endfor %}",
            "{% set s = 'a' * 1000000 %}{% for c in s %}{% for d in s %}{% endfor %}{% endfor %}",
            "{% set s = 'a' * 1000000 %}{% for i in range(10000) %}{{ {s: s}[s]|length }}{% endfor %}",
            "{% set s = 'a' * 1000000 %}{% for i in range(10000) %}{{ s }}{% endfor %}",
            "{% set s = 'a' * 1000000 %}{% set n = namespace(x=s) %}"
                + "{{ ([n] * 1) if false else [n, n, n, n]|join(s, attribute='x')|length }}"
                + "{% for i in range(1000) %}{{ [n, n]|map(attribute='x')|join(s)|length }}{% endfor %}",
            "{% set l = range(100000) %}{% for i in range(10000) %}{% set m = l|reverse|list %}{% endfor %}",
            "{% set l = range(100000) %}{% for i in l %}{% if -1 in l %}{% endif %}{% endfor %}",
            "{% set l = range(100000) %}{% for i in l %}{{ l|select('eq', 'x')|list|length }}{% endfor %}",
            "{% set l = range(100000) %}{% for i in l %}{{ l[1:]|length }}{% endfor %}",
            "{% for i in range(100000) %}{% set l = range(100000) %}{% endfor %}",
        ])
    func bombs(_ source: String) {
        let start = ContinuousClock.now
        let text = refusal {
            _ = try ChatTemplate(source: source, file: "t.jinja", specialTokens: [:])
                .render([], addGenerationPrompt: false)
        }
        #expect(
            text.hasPrefix("t.jinja: expected a chat template that renders this conversation within 671"),
            "\(text)")
        #expect(ContinuousClock.now - start < .seconds(60))
    }

    @Test("templates of large models stay far below their budget, for long chats, too")
    func realTemplates() throws {
        let golden = try Goldens.decode(Golden.self, "templates.json")
        for (count, length) in [(3, 40), (1000, 1000), (20, 200_000), (4000, 20)] {
            var shares: [Double] = []
            for template in golden.templates {
                let program = try TemplateProgram(source: template.source, file: "t.jinja")
                let messages = (0..<count).map { number in
                    TemplateValue.mapping(
                        TemplateMapping([
                            ("role", .string(number % 2 == 0 ? "user" : "assistant")),
                            ("content", .string(String(repeating: "word ", count: length / 5))),
                        ]))
                }
                var variables = golden.special_tokens.mapValues { TemplateValue.string($0) }
                variables["messages"] = .list(messages)
                variables["add_generation_prompt"] = .bool(true)
                variables["tools"] = TemplateValue.none
                variables["documents"] = TemplateValue.none
                var interpreter = try TemplateInterpreter(file: "t.jinja", variables: variables)
                do {
                    _ = try interpreter.run(program.statements)
                } catch let error as InputError {
                    // A conversation that the template does not accept.
                    #expect(!error.description.contains("units of work"), "\(template.name): \(error)")
                    continue
                }
                let share = interpreter.budget.used / interpreter.budget.limit
                print(
                    "\(template.name), \(count) messages of \(length) bytes: \(Int(interpreter.budget.used)) units, \(share)"
                )
                shares.append(share)
            }
            #expect(shares.count > 5 && shares.allSatisfy { $0 < 0.5 })
        }
    }

    @Test("long templates are refused")
    func long() {
        let source = String(repeating: "a", count: 1 << 20 + 1)
        #expect(
            refusal { _ = try ChatTemplate(source: source, file: "t.jinja", specialTokens: [:]) }
                == "t.jinja: expected a chat template of at most 1048576 bytes, found 1048577 bytes")
    }
}
