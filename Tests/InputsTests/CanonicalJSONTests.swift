import Foundation
import Inputs
import TestSupport
import Testing

/// JSON in one form only.
@Suite struct CanonicalJSONTests {
    @Test func textIsSortedEscapedAndReadsBack() throws {
        let value = Document.Value.object([
            "b": .array([.number(0.1), .number(1e-5), .integer(-3), .null, .bool(true)]), "a": .string("é\"\\\n\u{1}"),
            "empty": .object([:]), "none": .array([]),
        ])
        let text = try CanonicalJSON.text(value)
        #expect(text.hasPrefix("{\n  \"a\": \"é\\\"\\\\\\n\\u0001\",\n  \"b\": [\n    0.1,\n    1e-05,\n    -3,"))
        #expect(try Document(json: Data(text.utf8), file: "x").value == value)
    }

    @Test func aNumberThatJSONCannotHoldIsRefused() throws {
        #expect(
            try complaint { _ = try CanonicalJSON.text(.object(["a": .array([.number(.nan)])])) }
                == "JSON: a[0]: expected a finite number, found nan")
    }
}
