import Foundation
import Inputs
import TestSupport
import Testing

/// Documents know where their values stand, and say so.
@Suite struct DocumentTests {
    @Test func valuesKeepTheirTypes() throws {
        let json = try Document(
            json: Data(#"{"a": 1, "b": 1.5, "c": true, "d": null, "e": "1", "f": [1, 2], "g": {"h": "x"}}"#.utf8),
            file: "x.json")
        #expect(try json.required("a").integer() == 1)
        #expect(try json.required("a").number() == 1)
        #expect(try json.required("b").number() == 1.5)
        #expect(try json.required("c").bool())
        #expect(try json.optional("d") == nil)
        #expect(try json.required("e").string() == "1")
        #expect(try json.required("f").list().map { try $0.integer() } == [1, 2])
        #expect(try json.required("g").required("h").string() == "x")
    }

    /// Each as Python's json reads it; what has no fraction counts as a whole number.
    @Test(
        arguments: [
            ("1", .integer(1)), ("0", .integer(0)), ("-7", .integer(-7)), ("true", .bool(true)),
            ("false", .bool(false)),
            ("1.0", .integer(1)), ("1e3", .integer(1000)), ("-0.0", .integer(0)), ("1e-05", .number(1e-5)),
            ("9223372036854775807", .integer(.max)), ("-9223372036854775808", .integer(.min)),
            ("9223372036854775808", .number(0x1p63)), ("18446744073709551615", .number(0x1p64)),
            ("1000000000000000019884624838656", .number(1e30)), ("0.30000000000000004", .number(0.1 + 0.2)),
            ("0.1000000000000000055511151231257827", .number(0.1)), ("2.2250738585072014e-308", .number(0x1p-1022)),
            ("1.7976931348623157e308", .number(.greatestFiniteMagnitude)), ("9007199254740993", .integer(1 << 53 + 1)),
            ("null", .null), (#""a\u0000b\ud83d\ude00""#, .string("a\0b😀")), ("[]", .array([])), ("{}", .object([:])),
        ] as [(String, Document.Value)])
    func jsonValuesAreReadExactly(text: String, value: Document.Value) throws {
        #expect(try Document(json: Data(text.utf8), file: "x.json").value == value)
        let member = try Document(json: Data("{\"a\": [\(text)]}".utf8), file: "x.json")
        #expect(try member.required("a").list().map(\.value) == [value])
    }

    /// Numbers in as many digits as tell them apart, and in more.
    @Test func doublesAreTheNearest() throws {
        var random = SeededGenerator(seed: 1)
        let numbers = (0..<2000).map { _ in Double(bitPattern: .random(in: 0...UInt64.max, using: &random)) }
            .filter { $0.isFinite && Int(exactly: $0) == nil }
        let texts = numbers.map { "\($0)" } + numbers.map { String(format: "%.25e", $0) }
        let json = try Document(json: Data("[\(texts.joined(separator: ","))]".utf8), file: "x.json")
        #expect(try json.list().map { try $0.number() } == numbers + numbers)
    }

    @Test(arguments: ["", "[1", "{\"a\" 1}", "[1 2]", "NaN", "01", "+1", "[\"\\ud800\"]", "\"\u{1}\"", "5 6", "1e400"])
    func whatIsNoJSONIsRefused(text: String) throws {
        #expect(
            try complaint { _ = try Document(json: Data(text.utf8), file: "x.json") }
                .hasPrefix("x.json: expected valid JSON, found "))
    }

    @Test func deepNestingIsRefused() throws {
        let text = String(repeating: "[", count: 200_000)
        #expect(
            try complaint { _ = try Document(json: Data(text.utf8), file: "x.json") }
                .hasPrefix("x.json: expected JSON of at most 512 levels, found more"))
    }

    @Test func limitsAreNamedBeforeAnythingIsMadeOfTheText() throws {
        func text(_ json: String, _ limits: JSONLimits) throws -> String {
            try complaint { _ = try Document(json: Data(json.utf8), file: "x.json", line: 3, limits: limits) }
        }
        let small = JSONLimits(bytes: 30, values: 5)
        #expect(
            try Document(json: Data(#"["a,{[", "\",[", 1, 2]"#.utf8), file: "x.json", limits: small).list().count == 4)
        #expect(
            try text(#"{"a": [1, 2, 3, 4]}"#, small).hasPrefix(
                "x.json:3: expected JSON of at most 5 values, found more"))
        #expect(
            try text(String(repeating: " ", count: 30) + "1", small)
                .hasPrefix("x.json:3: expected JSON of at most 30 bytes, found 31 bytes"))
        // A list of many empty lists takes 100 times its text once it is read.
        let bomb = "[" + String(repeating: "[],", count: 8_000_000) + "1]"
        #expect(try text(bomb, .standard).contains("expected JSON of at most 6000000 values"))
    }

    /// With the way to each object kept as text, this copied three terabytes.
    @Test func namesAreCheckedInLinearTimeHoweverDeepTheyAre() throws {
        let name = String(repeating: "n", count: 6000)
        let depth = 400
        let inner = "[" + String(repeating: #"{"a":1},"#, count: 100_000) + #"{"b":1,"b":2}]"#
        let text = String(repeating: "{\"\(name)\":", count: depth) + inner + String(repeating: "}", count: depth)
        let start = ContinuousClock.now
        let found = try complaint { _ = try Document(json: Data(text.utf8), file: "x.json") }
        #expect(ContinuousClock.now - start < .seconds(60))
        #expect(found.hasSuffix("\(name).\(name)[]: expected every name once, found 'b' twice"))
    }

    @Test func aFileIsNotReadBeyondItsLimit() throws {
        let folder = try TemporaryFolder()
        let path = try folder.write("x.json", "")
        #expect(truncate(path, 64 << 30) == 0)
        #expect(
            try complaint { _ = try Document(jsonFile: path) }
                .hasPrefix("\(path): expected a file of at most 134217728 bytes, found 68719476736 bytes"))
        #expect(
            try complaint { _ = try Document(yamlFile: path) }
                .hasPrefix("\(path): expected a file of at most 16777216 bytes, found 68719476736 bytes"))
    }

    @Test func aWrongTypeIsToldWithFileAndKey() throws {
        let json = try Document(json: Data(#"{"a": {"b": [1, "two"]}, "c": true}"#.utf8), file: "x.json")
        #expect(
            try complaint { _ = try json.required("a").required("b").list()[1].integer() }
                == "x.json: a.b[1]: expected a whole number, found \"two\"")
        #expect(
            try complaint { _ = try json.required("c").integer() } == "x.json: c: expected a whole number, found true")
        #expect(try complaint { _ = try json.required("z") } == "x.json: expected the key 'z', found no such key")
        #expect(
            try complaint { try json.refuseKeys(outside: ["a"], hint: "spelling?") }
                == "x.json: c: expected one of the keys a, found 'c'\n  hint: spelling?")
    }

    @Test func aNameTwiceInOneObjectIsRefusedAtAnyDepth() throws {
        let text = #"{"a": [{"b": {"c": 1, "d": 2, "c": 3}}]}"#
        #expect(
            try complaint { _ = try Document(json: Data(text.utf8), file: "x.json") }
                == "x.json: a[].b: expected every name once, found 'c' twice")
        #expect(
            try complaint { _ = try Document(json: Data(#"{"a": 1, "\u0061": 2}"#.utf8), file: "p.jsonl", line: 3) }
                == "p.jsonl:3: expected every name once, found 'a' twice")
        #expect(
            try complaint {
                _ = try Document(json: Data(#"{"\"": 1, "\\": "\\\"", "\u0022": 3}"#.utf8), file: "x.json")
            }
                == #"x.json: expected every name once, found '"' twice"#)
        _ = try Document(json: Data(#"{"a": {"a": "a"}, "b": ["a", {"a": 1}, {"a": 2}]}"#.utf8), file: "x.json")
    }

    @Test func malformedJSONNamesFileAndLine() throws {
        let text = try complaint { _ = try Document(json: Data("{\"a\": ".utf8), file: "p.jsonl", line: 7) }
        #expect(text.hasPrefix("p.jsonl:7: expected valid JSON, found "))
    }

    @Test func yamlValuesKnowTheirLines() throws {
        let yaml = try Document(
            yaml: """
                defaults: &d {layer: 3}
                hooks:
                  - *d
                  - layer: "4"
                text: |-
                  two
                  lines
                """, file: "job.yaml")
        let hooks = try yaml.required("hooks").list()
        #expect(try hooks[0].required("layer").integer() == 3)
        #expect(try yaml.required("text").string() == "two\nlines")
        #expect(
            try complaint { _ = try hooks[1].required("layer").integer() }
                == "job.yaml:4: hooks[1].layer: expected a whole number, found \"4\"")
    }

    @Test func yamlThatRepeatsAKeyOrExplodesIsRefused() throws {
        // Yams tells the first of the two.
        #expect(
            try complaint { _ = try Document(yaml: "b: 0\na: 1\na: 2\n", file: "j") }
                == "j:2: expected valid YAML, found the key 'a' for the second time")
        #expect(
            try complaint { _ = try Document(yaml: "a: 1\nb:\n\t- 2\n", file: "j") }.hasPrefix(
                "j:3: expected valid YAML"))
        let bomb = (1...12).reduce("a0: &a0 [x, x, x, x, x, x, x, x]\n") { text, level in
            let below = Array(repeating: "*a\(level - 1)", count: 8).joined(separator: ", ")
            return text + "a\(level): &a\(level) [\(below)]\n"
        }
        #expect(
            try complaint { _ = try Document(yaml: bomb, file: "j") }
                == "j:7: expected at most 1000000 values, found more")
    }

    /// Yams multiplies the parts of such a number without looking for an overflow.
    @Test func yamlNumbersToTheBaseOfSixtyAreText() throws {
        let numbers = ["12:30", "100100001510010015:0:0", "1:0:0:0:0:0:0:0:0:0:0:0:0", "190:20:30.15"]
        for number in numbers {
            let yaml = try Document(yaml: "seed: \(number)\n", file: "j")
            #expect(try yaml.required("seed").string() == number)
            #expect(
                try complaint { _ = try yaml.required("seed").integer() }
                    == "j:1: seed: expected a whole number, found \"\(number)\"")
        }
        let tagged = try Document(yaml: "seed: !!int 1:0:0:0:0:0:0:0:0:0:0:0:0\n", file: "j")
        #expect(throws: InputError.self) { try tagged.required("seed").integer() }
    }

    /// Its parts are below the limit one by one, but the parser would hash the key with all aliases written out.
    @Test(.timeLimit(.minutes(5))) func yamlWithACollectionAsAKeyIsRefused() throws {
        let bomb = (1...4).reduce("a0: &a0 [\(Array(repeating: "x", count: 9).joined(separator: ","))]\n") {
            text, level in
            let below = Array(repeating: "*a\(level - 1)", count: 9).joined(separator: ", ")
            return text + "a\(level): &a\(level) [\(below)]\n"
        }
        for key in ["? *a4\n: 1\n", "b: {? [*a4, *a4] : 1}\n", "? {a: 1}\n: 2\n"] {
            #expect(
                try complaint { _ = try Document(yaml: bomb + key, file: "j") }
                    == "j:6: expected a name as a key, found a list or a mapping")
        }
        #expect(throws: Never.self) { try Document(yaml: "a: &name b\n*name : [&x 1, *x]\n", file: "j") }
    }

    @Test func aFileThatCannotBeReadIsNamed() throws {
        #expect(
            try complaint { _ = try Document(jsonFile: "/nonexistent/x.json") }
                == "/nonexistent/x.json: expected a readable file, found No such file or directory")
        #expect(
            try complaint { _ = try Document(jsonFile: "/tmp") } == "/tmp: expected a regular file, found a folder")
    }
}

/// Digests as people write them.
@Suite struct DigestTests {
    @Test func theDigestOfAbcIsThePublishedOne() throws {
        let hex = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
        #expect(Digest(of: "abc").description == hex)
        #expect(Digest(hex: hex) == Digest(of: "abc"))
        #expect(Digest(hex: hex.uppercased()) == Digest(of: "abc"))
        let back = try JSONDecoder().decode([Digest].self, from: JSONEncoder().encode([Digest(of: "abc")]))
        #expect(back == [Digest(of: "abc")])
    }

    @Test(arguments: ["", "ba78", String(repeating: "g", count: 64), String(repeating: "0", count: 66)])
    func otherTextIsNoDigest(text: String) {
        #expect(Digest(hex: text) == nil)
    }
}
