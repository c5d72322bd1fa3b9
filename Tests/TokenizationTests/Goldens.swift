import Foundation
import Inputs
import Testing

@testable import Tokenization

/// Files under Goldens, written by scripts/goldens.
enum Goldens {
    static func path(_ name: String) throws -> String {
        try #require(Bundle.module.resourcePath) + "/Goldens/" + name
    }

    static func decode<Value: Decodable>(_ type: Value.Type, _ name: String) throws -> Value {
        try JSONDecoder().decode(type, from: Data(contentsOf: URL(fileURLWithPath: path(name))))
    }
}

/// What the tokenizers library makes of one text.
struct GoldenEncoding: Decodable {
    var ids: [UInt32]
    /// Starts and ends in turn.
    var spans: [Int]
    /// Ids with special tokens added.
    var special: [UInt32]
}

/// The error of a call that must fail, its folder's path taken out.
func refusal(in folder: String = "", _ body: () throws -> Void) -> String {
    do {
        try body()
        return "no error"
    } catch {
        return "\(error)".replacingOccurrences(of: folder.isEmpty ? "//" : folder + "/", with: "")
    }
}
