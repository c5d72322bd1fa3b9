import Foundation
import Inputs
import TestSupport
import Testing
@testable import Prompts

@Suite struct TokenizedPromptsTests {
    private func set(_ lines: String...) throws -> PromptSet {
        try PromptSet(Data(lines.joined(separator: "\n").utf8), file: "p.jsonl")
    }

    private func tokenize(
        _ set: PromptSet, masks: [TokenMask] = TokenMask.allCases, skipFirst: Int = 1,
        template: PromptRules.ChatTemplate = .auto, tokenizer: WordTokenizer = WordTokenizer(), context: Int? = nil
    ) throws -> TokenizedPrompts {
        try TokenizedPrompts(
            set,
            rules: PromptRules(
                chatTemplate: template, addGenerationPrompt: true, masks: masks, skipFirst: skipFirst),
            tokenizer: tokenizer, contextLength: context)
    }

    /// The tokens of a prompt under one mask, as positions.
    private func positions(_ prompts: TokenizedPrompts, mask: Int, prompt: Int = 0) -> [Int] {
        let bits = prompts.prompts[prompt].masks
        return bits.indices.filter { bits[$0] >> UInt8(mask) & 1 == 1 }
    }

    private let talk = """
        {"id": "a", "messages": [{"role": "user", "content": "user user"}, {"role": "assistant", "content": "end"}]}
        """

    /// `<|im_start|>` user \n `user` ' ' `user` `<|im_end|>` \n `<|im_start|>` assistant \n `end` `<|im_end|>` \n
    /// `<|im_start|>` assistant \n
    @Test func masksFollowTheContentsThoughTheTemplateSaysTheSameWords() throws {
        let prompts = try tokenize(set(talk))
        #expect(positions(prompts, mask: 0) == Array(1...16))
        #expect(positions(prompts, mask: 1) == [3, 4, 5, 11])
        #expect(positions(prompts, mask: 2) == [11])
        #expect(positions(prompts, mask: 3) == [16])
        #expect(prompts.tokenCounts(mask: 1) == [4])
        #expect(prompts.tokenCount == 17)
    }

    @Test("a conversation of a thousand messages has the mask of each, also past the tenth and the hundredth")
    func manyMessages() throws {
        let turns = (0..<1000).map { #"{"role": "\#($0 % 2 == 0 ? "user" : "assistant")", "content": "hello"}"# }
        let prompts = try tokenize(set("{\"id\": \"a\", \"messages\": [\(turns.joined(separator: ", "))]}"))
        // A turn has six tokens; the fourth is the content.
        #expect(positions(prompts, mask: 1) == (0..<1000).map { 6 * $0 + 3 })
        #expect(positions(prompts, mask: 2) == (0..<500).map { 12 * $0 + 9 })
    }

    @Test func skippedPositionsBelongToNoMask() throws {
        let prompts = try tokenize(set(talk), masks: [.all, .content], skipFirst: 4)
        #expect(positions(prompts, mask: 0) == Array(4...16))
        #expect(positions(prompts, mask: 1) == [4, 5, 11])
    }

    @Test func aTrimmedContentIsFound() throws {
        let prompts = try tokenize(
            set(#"{"id": "a", "messages": [{"role": "user", "content": "  user\n"}]}"#), masks: [.content],
            tokenizer: WordTokenizer(trims: true))
        #expect(positions(prompts, mask: 0) == [3])
    }

    @Test func plainTextIsAllContentButForSpecialTokens() throws {
        let prompts = try tokenize(
            set(#"{"id": "a", "text": "hello user"}"#), masks: [.all, .content, .last], skipFirst: 0)
        #expect(prompts.prompts[0].ids.count == 4)
        #expect(positions(prompts, mask: 0) == [0, 1, 2, 3])
        #expect(positions(prompts, mask: 1) == [1, 2, 3])
        #expect(positions(prompts, mask: 2) == [3])
    }

    @Test func aPromptWithoutATokenUnderAMaskIsRefused() throws {
        let plain = try set(#"{"id": "x", "text": "hello"}"#, #"{"id": "y", "text": "two words"}"#)
        #expect(
            try complaint { _ = try tokenize(plain, masks: [.all, .assistant]) }.contains(
                "p.jsonl:1: prompt x: expected a token under the mask 'assistant', found none among 2 tokens, of which the first 1 never count"
            ))
        let text = try complaint { _ = try tokenize(plain, masks: [.last], skipFirst: 2) }
        #expect(text.contains("p.jsonl:1: prompt x: expected a token under the mask 'last'"))
    }

    @Test func aPromptPastTheContextIsRefused() throws {
        let prompts = try set(#"{"id": "x", "text": "hello"}"#, #"{"id": "y", "text": "two words"}"#)
        #expect(try tokenize(prompts, masks: [.all], context: 4).prompts.count == 2)
        let error = try inputError { _ = try tokenize(prompts, masks: [.all], context: 3) }
        #expect(error.place == "p.jsonl:2: prompt y" && error.found == "4 tokens")
        #expect(error.expected == "at most 3 tokens, the model's context")
    }

    @Test func messagesNeedATemplate() throws {
        let prompts = try set(talk)
        #expect(
            try complaint { _ = try tokenize(prompts, tokenizer: WordTokenizer(hasChatTemplate: false)) }.contains(
                "p.jsonl:1: prompt a: expected a chat template in the base checkpoint, found messages, but no template")
        )
        let text = try complaint { _ = try tokenize(prompts, template: .none) }
        #expect(text.contains("expected plain text, because the job says chat_template: none, found messages"))
    }

    @Test func aTemplateThatLosesOrChangesAContentIsRefused() throws {
        let prompts = try set(
            #"{"id": "a", "messages": [{"role": "system", "content": "s"}, {"role": "user", "content": "u"}]}"#)
        #expect(
            try complaint { _ = try tokenize(prompts, tokenizer: WordTokenizer(dropsSystem: true)) }.contains(
                "p.jsonl:1: prompt a: expected a chat template that shows the content of message 0 once, found that it leaves it out"
            ))
        #expect(
            try complaint { _ = try tokenize(prompts, tokenizer: WordTokenizer(uppercases: true)) }.contains(
                "p.jsonl:1: prompt a: expected every message's content word for word"))
    }
}
