import Foundation
import Inputs
@testable import Prompts
import TestSupport
import Testing

/// Texts of corpora, and the windows that they are cut into.
@Suite struct CorpusTests {
    private func documents(_ name: String, _ text: String, field: String = "text") throws -> [CorpusDocument] {
        let folder = try TemporaryFolder()
        try folder.write(name, text)
        var documents: [CorpusDocument] = []
        let digest = try CorpusFile("\(folder.path)/\(name)", field: field).read { documents.append($0) }
        #expect(digest == Digest(of: Array(text.utf8)))
        return documents
    }

    @Test("a line an object: other keys are passed over, ids may be numbers or missing")
    func jsonLines() throws {
        let found = try documents(
            "c.jsonl",
            """
            {"text": "one", "id": "a", "meta": {"url": "x"}}

            {"id": 7, "text": "two"}
            {"text": "three"}

            """)
        #expect(found.map(\.id) == ["a", "7", "line-4"])
        #expect(found.map(\.text) == ["one", "two", "three"])
        #expect(found[2].place.hasSuffix("c.jsonl:4"))
    }

    @Test("a column of comma-separated values, with quotes, commas and line ends in fields")
    func csv() throws {
        let found = try documents(
            "c.csv", "id,body,n\r\na,\"one, \"\"two\"\"\nthree\",1\r\n\r\nb,plain,2\nc,,3\n", field: "body")
        #expect(found.map(\.id) == ["a", "b"])
        #expect(found.map(\.text) == ["one, \"two\"\nthree", "plain"])
        #expect(found[1].place.hasSuffix("c.csv:5"))
    }

    @Test("a whole file is one text; blank ones are none")
    func text() throws {
        #expect(try documents("c.txt", "\u{FEFF}one\n\ntwo\n").map(\.text) == ["one\n\ntwo\n"])
        #expect(try documents("c.txt", " \n").isEmpty)
    }

    @Test(
        "faults have their line",
        arguments: [
            ("c.csv", "text\n\"open", ":2"), ("c.csv", "text\na\"b", ":2"), ("c.csv", "text\n\"a\"b", ":2"),
            ("c.csv", "text,n\na", ":2"), ("c.csv", "body\na", "'text'"), ("c.csv", "", "header"),
            ("c.jsonl", "{\"text\": \"a\"}\n{\"txt\": \"b\"}", ":2"), ("c.jsonl", "{\"text\": 5}", "text"),
            ("c.parquet", "x", "to_json"), ("c", "x", "no extension"),
        ])
    func faults(name: String, text: String, word: String) {
        let error = #expect(throws: InputError.self) { try documents(name, text) }
        #expect("\(error.map { "\($0)" } ?? "")".contains(word), "\(String(describing: error))")
    }

    /// `WordTokenizer` puts one token in front of a text; each word and each blank is a token.
    private func corpus(_ text: String, context: Int, skipFirst: Int = 1) throws -> TokenizedCorpus {
        let folder = try TemporaryFolder()
        try folder.write("c.jsonl", text)
        return try TokenizedCorpus(
            CorpusFile("\(folder.path)/c.jsonl", field: "text"), context: context, skipFirst: skipFirst,
            tokenizer: WordTokenizer())
    }

    @Test("windows do not overlap, begin with the added token, and know where they stand")
    func windows() throws {
        let corpus = try corpus("{\"text\": \"a b c d\"}\n{\"text\": \"e\"}", context: 4)
        #expect(corpus.documents == ["line-1", "line-2"])
        #expect(corpus.sequences.map(\.ids.count) == [4, 4, 2, 2])
        #expect(corpus.windows.map(\.start) == [0, 3, 6, 0])
        #expect(corpus.windows.map(\.document) == [0, 0, 0, 1])
        #expect(corpus.sequences.allSatisfy { $0.ids[0] == corpus.sequences[0].ids[0] && $0.masks[0] == 0 })
        #expect(corpus.sequences.map { $0.masks.dropFirst() }.allSatisfy { $0.allSatisfy { $0 == 1 } })
        let (ids, _) = try WordTokenizer().encode("a b c d", addSpecialTokens: true)
        #expect(corpus.sequences.prefix(3).flatMap { $0.ids.dropFirst() } == Array(ids.dropFirst()))
    }

    @Test("windows without a token that counts are left out; a context without room for any is refused")
    func short() throws {
        let corpus = try corpus("{\"text\": \"a b c\"}", context: 5, skipFirst: 3)
        // Four tokens behind the added one, then one, which is among the first three.
        #expect(corpus.sequences.map(\.ids.count) == [5])
        #expect(corpus.sequences[0].masks == [0, 0, 0, 1, 1])
        #expect(throws: InputError.self) { try self.corpus("{\"text\": \"a\"}", context: 2, skipFirst: 3) }
        #expect(throws: InputError.self) { try self.corpus("{\"text\": \"a\"}", context: 9, skipFirst: 3) }
    }
}
