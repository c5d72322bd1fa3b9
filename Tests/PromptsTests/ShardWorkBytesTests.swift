import Inputs
import Prompts
import Testing

/// A shard's tokens as bytes.
@Suite struct ShardWorkBytesTests {
    private let work = ShardWork(
        index: 1,
        prompts: [
            PromptTokens(index: 2, ids: [1, 70_000, 3], masks: [1, 1, 3]),
            PromptTokens(index: 3, ids: [.max], masks: [3]),
        ])

    @Test("what was written is read back, and cut or grown bytes are not")
    func roundTrip() throws {
        let bytes = work.bytes
        #expect(try ShardWork(index: 1, bytes: bytes, maskCount: 2) == work)
        for count in 0..<bytes.count {
            #expect(throws: InputError.self) {
                try ShardWork(index: 1, bytes: Array(bytes.prefix(count)), maskCount: 2)
            }
        }
        #expect(throws: InputError.self) { try ShardWork(index: 1, bytes: bytes + [0], maskCount: 2) }
        #expect(throws: InputError.self) { try ShardWork(index: 1, bytes: [255, 255, 255, 255], maskCount: 2) }
    }

    @Test("mask bits that the job has not, and a prompt without tokens, are refused")
    func refusals() throws {
        let error = #expect(throws: InputError.self) { try ShardWork(index: 1, bytes: work.bytes, maskCount: 1) }
        #expect(error?.place == "shard 1: prompt 2: masks" && error?.expected == "bits of the job's masks")
        let empty = ShardWork(index: 1, prompts: [PromptTokens(index: 7, ids: [], masks: [])]).bytes
        let none = #expect(throws: InputError.self) { try ShardWork(index: 1, bytes: empty, maskCount: 1) }
        #expect(none?.place == "shard 1: prompt 7" && none?.found == "0")
    }
}
