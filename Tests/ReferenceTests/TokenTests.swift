import Testing

/// Token ids and masks of the real prompts against Hugging Face tokenizers.
@Suite struct TokenTests {
    @Test(arguments: [ReferenceKit.folder, ReferenceKit.gguf])
    func tokensAndContentMasksEqualTheReference(base: String) throws {
        let job = try ReferenceJob(base: base, tuned: ["villain-step-120"], sae: "\(ReferenceKit.persona)/sae")
        let expected = try ReferenceKit.goldenPrompts()
        #expect(expected.count == 64)
        #expect(job.prompts.ids == expected.map(\.id))
        for (prompt, golden) in zip(job.prompts.prompts, expected) {
            #expect(prompt.ids == golden.token_ids, "\(golden.id)")
            // Masks in the job's order: all, content, last.
            #expect(prompt.masks.map { $0 >> 1 & 1 } == golden.content.map(UInt8.init), "\(golden.id)")
            #expect(prompt.masks.map { $0 & 1 } == golden.content.indices.map { $0 > 0 ? 1 : 0 }, "\(golden.id)")
            let last = golden.content.indices.map { $0 == golden.content.count - 1 ? UInt8(1) : 0 }
            #expect(prompt.masks.map { $0 >> 2 & 1 } == last, "\(golden.id)")
        }
    }
}
