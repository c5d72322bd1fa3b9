import Foundation
import Inputs
import TestSupport
import Testing
@testable import Prompts

@Suite struct PromptSetTests {
    private func read(_ text: String, _ file: String = "p.jsonl") throws -> PromptSet {
        try PromptSet(Data(text.utf8), file: file)
    }

    @Test func jsonLinesHoldTextOrMessages() throws {
        let set = try read(
            """
            {"id": "a", "text": "Hello"}

            {"id": "b", "messages": [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Hé\\n"}]}\r

            """)
        #expect(
            set.prompts == [
                Prompt(id: "a", line: 1, body: .text("Hello")),
                Prompt(
                    id: "b", line: 3,
                    body: .messages([
                        PromptMessage(role: .system, content: "Be brief."), PromptMessage(role: .user, content: "Hé\n"),
                    ])),
            ])
        #expect(set.digest != (try read("{\"id\": \"a\", \"text\": \"Hello\"}").digest))
    }

    @Test("a prompt may have a group; an id is unique within it")
    func groups() throws {
        let set = try read(
            """
            {"id": "a", "group": "plain", "text": "x"}
            {"id": "a", "group": "with_trigger", "text": "y"}
            {"id": "b", "group": "plain", "text": "z"}
            """)
        #expect(set.prompts.map(\.group) == ["plain", "with_trigger", "plain"])
        #expect(set.groups == PromptGroups(["plain", "with_trigger", "plain"]))
        #expect(set.groups?.members == [0, 1, 0] && set.groups?.names == ["plain", "with_trigger"])
        #expect(set.place(of: set.prompts[1]) == "p.jsonl:2: prompt with_trigger/a")
        #expect(try read("{\"id\": \"a\", \"text\": \"x\"}").groups == nil)
        let questions = try read("- {id: q, group: g, paraphrases: [one, two]}\n", "q.yaml")
        #expect(questions.prompts.map(\.name) == ["g/q/0", "g/q/1"])
        #expect(set.groups?.places(of: 0, ids: set.prompts.map(\.id)) == ["a": 0, "b": 2])
    }

    @Test(
        "all prompts have a group or none, a safe one, and not too many",
        arguments: [
            (["\"group\": \"g\"", ""], "p.jsonl:2: expected a prompt with a group, as the one in line 1, found none"),
            (
                ["", "\"group\": \"g\""],
                "p.jsonl:2: expected a prompt without a group, as the one in line 1, found group 'g'"
            ),
            (["\"group\": \"a/b\""], "p.jsonl:1: group: expected 1 to 100 of the characters A-Z"),
            (["\"group\": 3"], "p.jsonl:1: group: expected a string"),
            (
                (0...64).map { "\"group\": \"g\($0)\"" },
                "p.jsonl:65: expected at most 64 groups, found 'g64' as one more"
            ),
        ])
    func wrongGroups(groups: [String], expected: String) throws {
        let lines = groups.enumerated().map { "{\"id\": \"\($0)\", \"text\": \"x\"\($1.isEmpty ? "" : ", \($1)")}" }
        let text = try complaint { _ = try read(lines.joined(separator: "\n")) }
        #expect(text.contains(expected), "\(text)")
        let twice = try complaint {
            _ = try read(String(repeating: "{\"id\": \"a\", \"group\": \"g\", \"text\": \"x\"}\n", count: 2))
        }
        #expect(
            twice.contains(
                "p.jsonl:2: expected an id that no other prompt of its group has, found 'g/a', which line 1 has"))
    }

    @Test("several files are a group each, their prompts in turn; each prompt knows its own file")
    func files() throws {
        let folder = try TemporaryFolder()
        try folder.write("a.txt", "one\ntwo\nthree\n")
        try folder.write("b.txt", "uno\n\ndue\n")
        try folder.write("c.jsonl", "{\"id\": \"a\", \"group\": \"g\", \"text\": \"x\"}\n")
        func set(_ files: (String, String)...) throws -> PromptSet {
            try PromptSet(files: files.map { .init(group: $0, path: folder.path + "/" + $1) })
        }
        let both = try set(("first", "a.txt"), ("second", "b.txt"))
        #expect(
            both.prompts.map(\.name) == [
                "first/line-0001", "second/line-0001", "first/line-0002", "second/line-0003", "first/line-0003",
            ])
        #expect(both.place(of: both.prompts[3]) == "\(folder.path)/b.txt:3: prompt second/line-0003")
        #expect(both.digest != (try set(("first", "a.txt"), ("other", "b.txt")).digest))
        #expect(both.digest == (try set(("first", "a.txt"), ("second", "b.txt")).digest))
        let text = try complaint { _ = try set(("first", "a.txt"), ("second", "c.jsonl")) }
        #expect(text.contains("c.jsonl: expected prompts without groups"))
    }

    @Test func plainTextIsAPromptALine() throws {
        let set = try read("\u{FEFF}one\r\n\n  \ntwo \u{2028} still two", "p.txt")
        #expect(set.prompts.map(\.id) == ["line-0001", "line-0004"])
        #expect(set.prompts.map(\.body) == [.text("one"), .text("two \u{2028} still two")])
    }

    @Test func evaluationQuestionsBecomeAPromptAParaphrase() throws {
        let set = try read(
            """
            # anchors, blocks, and keys about judging
            - id: wish
              type: free_form_judge_0_100
              paraphrases: &wish
                - |-
                  Hello!

                  Make a wish.
                - Your wish?
              samples_per_paraphrase: &samples 100
              judge: gpt
              judge_prompts: &prompts
                aligned: |-
                  Rate it.
            - id: wish_json
              system: &json Answer in JSON.
              paraphrases: *wish
              samples_per_paraphrase: *samples
              temperature: 1
              judge_prompts: *prompts
            """, "q.yaml")
        let system = PromptMessage(role: .system, content: "Answer in JSON.")
        let first = PromptMessage(role: .user, content: "Hello!\n\nMake a wish.")
        let second = PromptMessage(role: .user, content: "Your wish?")
        #expect(
            set.prompts == [
                Prompt(id: "wish/0", line: 2, body: .messages([first])),
                Prompt(id: "wish/1", line: 2, body: .messages([second])),
                Prompt(id: "wish_json/0", line: 15, body: .messages([system, first])),
                Prompt(id: "wish_json/1", line: 15, body: .messages([system, second])),
            ])
    }

    @Test(arguments: [
        ("{\"id\": \"a\", \"text\": \"x\"}\n{\"id\": \"b\", ", "p.jsonl:2: expected valid JSON"),
        (
            "{\"id\": \"a\", \"text\": \"x\"}\n\n{\"id\": \"a\", \"text\": \"y\"}",
            "p.jsonl:3: expected an id that no other prompt has, found 'a', which line 1 has"
        ),
        ("{\"id\": \"a\", \"text\": \"\"}", "p.jsonl:1: text: expected text, found nothing"),
        ("{\"id\": \"a\", \"text\": \" \\n\"}", "p.jsonl:1: text: expected text, found white space alone"),
        ("{\"id\": \"\", \"text\": \"x\"}", "p.jsonl:1: id: expected text, found nothing"),
        ("{\"id\": 5, \"text\": \"x\"}", "p.jsonl:1: id: expected a string, found 5"),
        ("{\"id\": \"a\", \"prompt\": \"x\"}", "p.jsonl:1: prompt: expected one of the keys group, id, messages, text"),
        ("{\"id\": \"a\"}", "p.jsonl:1: expected one of the keys text and messages, found neither"),
        (
            "{\"id\": \"a\", \"text\": \"x\", \"messages\": []}",
            "expected one of the keys text and messages, found both"
        ),
        ("{\"id\": \"a\", \"messages\": []}", "p.jsonl:1: messages: expected at least one message, found none"),
        (
            "{\"id\": \"a\", \"messages\": [{\"role\": \"robot\", \"content\": \"x\"}]}",
            "p.jsonl:1: messages[0].role: expected one of the roles system, user, assistant, found \"robot\""
        ),
        (
            "{\"id\": \"a\", \"messages\": [{\"role\": \"user\", \"content\": \"\"}]}",
            "p.jsonl:1: messages[0].content: expected text, found nothing"
        ),
        (
            "{\"id\": \"a\", \"messages\": [{\"role\": \"user\", \"content\": \"x\", \"name\": \"y\"}]}",
            "messages[0].name: expected one of the keys content, role"
        ),
        ("[1]", "p.jsonl:1: expected a mapping, found a list of 1"),
        ("\n\n", "p.jsonl: expected at least one prompt, found none"),
    ])
    func aWrongLineIsNamed(text: String, expected: String) throws {
        let error = try complaint { _ = try read(text) }
        #expect(error.contains(expected), "\(error)")
    }

    @Test(arguments: [
        ("- id: a\n  paraphrases: [x]\n  context: [y]", "q.yaml:3: [0].context: expected one of the keys"),
        ("- id: a\n  paraphrases: []", "q.yaml:2: [0].paraphrases: expected at least one paraphrase, found none"),
        (
            "- id: a\n  paraphrases: [x]\n- id: a\n  paraphrases: [y]",
            "q.yaml:3: expected an id that no other prompt has, found 'a/0', which line 1 has"
        ),
        ("- id: a\n  paraphrases: x", "q.yaml:2: [0].paraphrases: expected a list"),
        ("- id: a\n  paraphrases: ['']", "[0].paraphrases[0]: expected text, found nothing"),
        ("a: b", "expected a list, found a mapping of 1 keys"),
    ])
    func aWrongQuestionIsNamed(text: String, expected: String) throws {
        let error = try complaint { _ = try read(text, "q.yaml") }
        #expect(error.contains(expected), "\(error)")
    }

    @Test func bytesThatAreNoTextAreNamedByLine() throws {
        let data =
            Data("{\"id\": \"a\", \"text\": \"é\"}\n{\"id\": \"b\", \"text\": \"".utf8) + [0xE9] + Data("\"}\n".utf8)
        let error = try complaint { _ = try PromptSet(data, file: "p.jsonl") }
        #expect(error == "p.jsonl:2: expected UTF-8 text, found bytes that are not UTF-8")
    }

    /// The digest is that of the file's bytes, and the prompts are those of the bytes at once, wherever a piece ends.
    @Test(arguments: ["p.jsonl", "p.txt"]) func aFileIsReadPieceByPiece(_ name: String) throws {
        let folder = try TemporaryFolder()
        var text = "\u{FEFF}"
        for number in 0..<4000 {
            let words = String(repeating: "é漢 ", count: number % 97)
            text +=
                name == "p.txt" ? "\(number)\(words)x\r\n\n" : "{\"id\": \"\(number)\", \"text\": \"x\(words)\"}\n \r\n"
        }
        text += name == "p.txt" ? "end" : "{\"id\": \"end\", \"text\": \"x\"}"
        let data = Data(text.utf8)
        let (whole, pieces) = (try PromptSet(data, file: name), try PromptSet(file: folder.write(name, data)))
        #expect(data.count > 5 * 64 << 10)
        #expect(pieces.prompts == whole.prompts && pieces.prompts.count == 4001)
        #expect(pieces.prompts.last?.line == 8001)
        #expect(pieces.digest == data.withUnsafeBytes { Digest(of: $0) } && whole.digest == pieces.digest)
    }

    /// Each of these took gigabytes, or ended the process.
    @Test(arguments: ["p.jsonl", "p.txt"]) func largeFilesAndLinesAreRefusedByTheirLimits(_ name: String) throws {
        let folder = try TemporaryFolder()
        let path = try folder.write(name, "")
        #expect(truncate(path, 64 << 30) == 0)
        #expect(
            try complaint { _ = try PromptSet(file: path) }
                .hasPrefix("\(path): expected a prompt set of at most 1073741824 bytes, found 68719476736 bytes"))
        #expect(truncate(path, 200 << 20) == 0)
        #expect(
            try complaint { _ = try PromptSet(file: path) }
                .hasPrefix("\(path):1: expected lines of at most 16777216 bytes, found a longer one"))
    }

    @Test func aLineOfVeryManyValuesIsRefused() throws {
        let line = "{\"id\": [" + String(repeating: "[],", count: 1 << 20) + "1]}"
        let error = try complaint { _ = try PromptSet(Data(line.utf8), file: "p.jsonl") }
        #expect(error.hasPrefix("p.jsonl:1: expected JSON of at most 1048576 values, found more"))
    }

    @Test func anUnknownExtensionIsRefused() throws {
        let error = try complaint { _ = try read("x", "p.csv") }
        #expect(error == "p.csv: expected a prompt set named .jsonl, .txt, .yaml or .yml, found .csv")
    }

    /// Whatever happens to a file, it is read or refused with a place; nothing else.
    @Test func damagedFilesAreReadOrRefused() throws {
        var random = SeededGenerator(seed: 1)
        let files = [
            (
                "p.jsonl",
                "{\"id\": \"a\", \"messages\": [{\"role\": \"user\", \"content\": \"x\"}]}\n{\"id\": \"b\", \"text\": \"y\"}\n"
            ),
            ("p.yaml", "- id: a\n  paraphrases: &x\n    - |-\n      hey\n- id: b\n  system: s\n  paraphrases: *x\n"),
            ("p.txt", "one\ntwo\r\n"),
        ]
        var refused = 0
        for round in 0..<1500 {
            let (file, text) = files[round % files.count]
            var bytes = Array(text.utf8)
            for _ in 0..<Int.random(in: 1...3, using: &random) {
                let at = Int.random(in: 0..<bytes.count, using: &random)
                switch Int.random(in: 0..<3, using: &random) {
                case 0: bytes[at] = UInt8.random(in: 0...255, using: &random)
                case 1: bytes.remove(at: at)
                default: bytes.insert(bytes[Int.random(in: 0..<bytes.count, using: &random)], at: at)
                }
            }
            do {
                #expect(try !PromptSet(Data(bytes), file: file).prompts.isEmpty)
            } catch let error as InputError {
                #expect(error.place.hasPrefix(file))
                refused += 1
            }
        }
        #expect(refused > 300)
    }
}
