import Foundation
import Inputs
import Testing

@testable import Exemplars
@testable import Reports

/// Texts of exemplars come from outside: whatever is in them is shown, and does nothing.
@Suite struct ExemplarCardTests {
    private func page(_ tokens: [[UInt8]], _ activations: [[Double]], peak: Int = 0) -> LatentPage {
        LatentPage(
            latent: 7, source: [:], largest: activations.map { $0.max() ?? 0 }, active: [1, 1], histogram: nil,
            groups: [.init(name: "base", members: [0]), .init(name: "tuned.rose", members: [0])], sample: [],
            examples: [
                .init(
                    document: "<b>\u{202E}id", peak: peak, offset: 0, position: peak, times: 3, tokens: tokens,
                    activations: activations)
            ], neighbours: nil, lens: nil, cosines: nil)
    }

    private func strips(_ page: LatentPage) throws -> [String] {
        let hook = ExemplarBundle.Hook(
            label: "resid_post.1", rule: .sparse, latents: [7], dictionary: Digest(of: []), tokens: 10, longTokens: 0,
            digest: Digest(of: []))
        let card = ExemplarCard(page, models: ["base", "tuned"], hook: hook)
        let example = try #require(card.examples.first)
        let place = try #require(example["where"] as? Markup)
        #expect(place.source.contains("<bdi>&lt;b&gt;\\u{202e}id</bdi>"))
        let strips = try #require(example["strips"] as? [Fields])
        return try strips.map { fields in try #require(fields["strip"] as? Markup).source }
    }

    @Test("markup, marks of direction, bytes that are no text and very long tokens are shown as what they are")
    func hostile() throws {
        let tokens: [[UInt8]] = [
            Array("</script><img src=x onerror=\"alert('1')\">".utf8), Array("\u{202E}\u{200B}\u{0}\n\t".utf8), [0xFF],
            Array(String(repeating: "x", count: 10_000).utf8), Array("&amp;".utf8),
        ]
        for activations in [[1.0, 0, 0, 0, 0], [1, 1, 1, 1, 1]] {
            for strip in try strips(page(tokens, [activations, activations])) {
                #expect(!strip.contains("<img") && !strip.contains("</script") && !strip.contains("\u{202E}"))
                #expect(strip.contains("&lt;/script&gt;&lt;img src=x onerror=&quot;alert(&#39;1&#39;)&quot;&gt;"))
                #expect(strip.contains("\\u{202e}\\u{200b}\\u{0}↵⇥") && strip.contains("⟨0xFF⟩"))
                #expect(strip.contains("&amp;amp;") && strip.count < 600 && strip.contains("…"))
            }
        }
    }

    @Test("tokens that are one character together are shown as it")
    func parts() throws {
        let bytes = Array("🙂".utf8)
        let tokens: [[UInt8]] = [[65], [bytes[0], bytes[1]], [bytes[2]], [bytes[3]], [0xE2], [66]]
        let strip = try strips(page(tokens, [[0, 0, 4, 0, 0, 0], [0, 0, 2, 0, 0, 0]], peak: 2))
        #expect(strip == ["A<mark class=\"a6\">🙂</mark>⟨0xE2⟩B", "A<mark class=\"a3\">🙂</mark>⟨0xE2⟩B"])
    }
}
