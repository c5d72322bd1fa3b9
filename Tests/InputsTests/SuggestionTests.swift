import Testing
@testable import Inputs

@Suite struct SuggestionTests {
    @Test(
        "what is near is suggested, what is far is not",
        arguments: [
            ("detla", "delta"), ("shard_token", "shard_tokens"), ("Delta", "delta"), ("hok", "hook"), ("q_", "q"),
            ("sharks", nil), ("x", nil), ("", nil), ("promptdelta", "prompt_delta"), ("density_tune", "density_tuned"),
        ])
    func nearest(_ word: String, _ expected: String?) {
        let known = ["delta", "prompt_delta", "density_tuned", "shard_tokens", "hook", "q"]
        #expect(Suggestion.nearest(to: word, among: known) == expected)
    }

    @Test("words of any length are looked at in little time")
    func long() {
        let long = String(repeating: "a", count: 1_000_000)
        #expect(Suggestion.hint(for: long, among: [long + "b"]).isEmpty)
        #expect(Suggestion.hint(for: "abc", among: ["abd", long]) == "did you mean 'abd'?")
    }
}
