import Testing

@testable import Latents
@testable import Reports

/// What single prompts did to a latent, in words and as a picture.
@Suite struct PromptStripTests {
    private func strip(_ d: [Double]) -> PromptStrip {
        PromptStrip(d, prompts: d.indices.map { .init(id: "<p\($0)>", group: $0 == 0 ? "g" : nil, position: $0) })
    }

    @Test(
        "how many prompts carry the change",
        arguments: [
            ([1, 1, 1, 1], "rose on 4 and fell on 0 of 4 prompts; 2 make half of the change"),
            ([9, 0, 0, 1], "rose on 2 and fell on 0 of 4 prompts; 1 make half of the change"),
            ([-3, -1, 0, 0.5], "rose on 1 and fell on 2 of 4 prompts; 1 make half of the change"),
            ([1, -1], "rose on 1 and fell on 1 of 2 prompts"), ([0], "rose on 0 and fell on 0 of 1 prompt"),
        ] as [([Double], String)])
    func finding(d: [Double], words: String) {
        #expect(strip(d).finding == words)
    }

    @Test("the ends name their prompts, escaped, with the group")
    func ends() {
        let ends = strip([0.5, -0.25, 0, 2]).ends.source
        #expect(
            ends.hasPrefix(
                "most on <bdi>&lt;p3&gt;</bdi> +2.0000, <bdi>g/&lt;p0&gt;</bdi> +0.5000; least on <bdi>&lt;p1&gt;"))
        #expect(strip([0, 0]).ends.source.isEmpty)
    }

    @Test("a mark for each prompt, and nothing where nothing moved")
    func picture() {
        let picture = strip([0.5, -0.25, 0, 2]).picture.source
        // One at zero, two to its right, one to its left.
        #expect(picture.contains("course still") && picture.contains("course rose") && picture.contains("course fell"))
        #expect(picture.split(separator: "V18").count == 5)
        #expect(strip([0, 0]).picture.source.isEmpty)
    }

    @Test("cosines: a square for each pair but a latent with itself, and the nearest pair in words")
    func cosines() {
        let matrix = CosineMatrix(
            latents: [7, 3, 5], cosines: [[1, 0.5, -0.9], [0.5, 1, 0.0], [-0.9, 0.0, 1]])
        let plot = matrix.plot(number: 1, hook: "resid_post.1")
        #expect(plot.finding == "Nearest to each other are 7 and 5, with -0.9.")
        #expect(plot.content.split(separator: "h12v12").count == 5)
        #expect(plot.content.contains("class=\"c3\"") && plot.content.contains("class=\"d6\""))
        let many = CosineMatrix(
            latents: Array(0..<100), cosines: Array(repeating: Array(repeating: 0.1, count: 100), count: 100))
        #expect(many.plot(number: 1, hook: "h").width < 600)
    }
}
