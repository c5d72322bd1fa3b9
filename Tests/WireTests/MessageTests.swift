import Foundation
import Inputs
import TestSupport
import WireSamples
import Testing
import Wire

@Suite("Messages")
struct MessageTests {
    @Test("Every kind of message comes back as it was sent")
    func roundTrip() throws {
        var samples = Samples(seed: 1)
        for _ in 0..<200 {
            for message in try samples.toCoordinator() {
                #expect(try MessageToCoordinator(decoding: message.encoded()) == message)
            }
            for message in try samples.fromCoordinator() {
                #expect(try MessageFromCoordinator(decoding: message.encoded()) == message)
            }
        }
    }

    @Test("A message cut short anywhere is refused")
    func truncation() throws {
        var samples = Samples(seed: 2)
        for message in try samples.toCoordinator() {
            let bytes = try message.encoded()
            for length in bytes.indices {
                #expect(throws: ByteError.self) { try MessageToCoordinator(decoding: Array(bytes.prefix(length))) }
            }
        }
        for message in try samples.fromCoordinator() {
            let bytes = try message.encoded()
            for length in bytes.indices {
                #expect(throws: ByteError.self) { try MessageFromCoordinator(decoding: Array(bytes.prefix(length))) }
            }
        }
    }

    @Test("A changed byte gives an error, or a message with that very encoding")
    func corruption() throws {
        var samples = Samples(seed: 3)
        var refused = 0
        var accepted = 0
        for _ in 0..<40 {
            for message in try samples.toCoordinator() {
                for _ in 0..<20 {
                    let bytes = resealed(samples.corrupted(try message.encoded()))
                    guard let other = try? MessageToCoordinator(decoding: bytes) else {
                        refused += 1
                        continue
                    }
                    accepted += 1
                    #expect(try other.encoded() == bytes)
                }
            }
            for message in try samples.fromCoordinator() {
                for _ in 0..<20 {
                    let bytes = resealed(samples.corrupted(try message.encoded()))
                    guard let other = try? MessageFromCoordinator(decoding: bytes) else {
                        refused += 1
                        continue
                    }
                    accepted += 1
                    let isRefusal = if case .refused = other { true } else { false }
                    // The version of a refusal is not looked at, and encoding writes ours.
                    if !isRefusal || bytes[2...3] == [2, 0] { #expect(try other.encoded() == bytes) }
                }
            }
        }
        print("corrupted messages: \(refused) refused, \(accepted) decoded to something else")
        #expect(refused > 1000 && accepted > 1000)
    }

    @Test("A message with something after its end is refused")
    func trailing() throws {
        let error = #expect(throws: ByteError.self) {
            try MessageToCoordinator(decoding: resealed(MessageToCoordinator.goodbye.encoded(), adding: [0]))
        }
        #expect(error?.description == "goodbye: expected nothing more, found 1 bytes left over")
    }

    @Test("A message of the other direction is refused by its kind")
    func direction() throws {
        let error = #expect(throws: ByteError.self) {
            try MessageToCoordinator(decoding: MessageFromCoordinator.credit(bytes: 1).encoded())
        }
        #expect(error?.description == "message.kind: expected a message to the coordinator, found kind 134")
    }

    @Test("Another protocol version is refused with both versions, unless it says refused")
    func version() throws {
        var bytes = try MessageFromCoordinator.credit(bytes: 1).encoded()
        bytes[2] = 9
        let error = #expect(throws: ByteError.self) { try MessageFromCoordinator(decoding: bytes) }
        #expect(error?.description == "message.version: expected protocol version 3, found 9")

        let reason = InputError("build", expected: "1", found: "9", kind: .configuration)
        bytes = try MessageFromCoordinator.refused(reason).encoded()
        bytes[2] = 9
        #expect(try MessageFromCoordinator(decoding: bytes) == .refused(reason))
    }

    @Test("A count that the bytes could not fill is refused before anything is allocated")
    func unbelievableCount() throws {
        // 4096 leases, and then the message ends.
        let bytes = resealed(
            try MessageToCoordinator.renew(slots: 0, [], tasks: []).encoded(), dropping: 2, adding: [0x80, 0x20])
        let error = #expect(throws: ByteError.self) { try MessageToCoordinator(decoding: bytes) }
        #expect(error?.description == "renew: expected 4096 elements of 5 bytes or more, found 0 bytes left")
    }

    @Test("What is past a limit is not sent")
    func limits() throws {
        let slots = #expect(throws: ByteError.self) {
            try MessageToCoordinator.renew(slots: 1025, [], tasks: []).encoded()
        }
        #expect(slots?.description == "renew.slots: expected 0 to 1024, found 1025")
        let text = String(repeating: "a", count: WireLimits.specBytes + 1)
        let spec = #expect(throws: ByteError.self) {
            try MessageToCoordinator.request(
                id: 1, .submit(ticket: .random(), kind: "", name: "", specText: text, specFile: "", folder: "")
            ).encoded()
        }
        #expect(spec?.description == "submit.specText: expected at most 4194304 bytes, found 4194305")
        var samples = Samples(seed: 4)
        let beyond = ResultPart(
            lease: try samples.lease(), transferDigest: samples.digest(), totalBytes: 10, offset: 8, bytes: [1, 2, 3])
        let part = #expect(throws: ByteError.self) { try MessageToCoordinator.part(beyond).encoded() }
        #expect(part?.description == "part: expected a piece within 10 bytes, found 3 bytes at 8")
    }

    @Test("A lease with another task than it names is refused")
    func foreignTask() throws {
        let task = Payload(kind: "fake", version: 1, bytes: [1])
        let other = Payload(kind: "fake", version: 2, bytes: [1])
        let lease = Lease(
            id: LeaseID(job: try #require(JobID("j")), shard: 3, epoch: 1), seconds: 1, tokens: 5,
            taskDigest: task.digest, task: other, shard: task)
        let bytes = try MessageFromCoordinator.lease(lease).encoded()
        let error = #expect(throws: ByteError.self) { try MessageFromCoordinator(decoding: bytes) }
        #expect(
            error?.description == "lease.task: expected a task with digest \(task.digest), found \(other.digest)")
    }

    @Test("Payloads differ in their digests where kind, version or bytes do")
    func payloadDigests() {
        let payloads = [("a", 1, [1, 2]), ("b", 1, [1, 2]), ("a", 2, [1, 2]), ("a", 1, [1]), ("", 1, [97, 1, 2])]
            .map { Payload(kind: $0, version: $1, bytes: $2) }
        #expect(Set(payloads.map(\.digest)).count == payloads.count)
    }

    @Test("An error too long to send arrives with its beginning")
    func longError() throws {
        // The cut falls inside the last 漢 that has room.
        let long = String(repeating: "漢", count: WireLimits.textBytes)
        let error = InputError("file", expected: long, found: "x")
        let bytes = try MessageFromCoordinator.refused(error).encoded()
        guard case .refused(let arrived) = try MessageFromCoordinator(decoding: bytes) else {
            Issue.record("not a refusal")
            return
        }
        #expect(arrived.found == "x")
        #expect(arrived.expected.hasSuffix("漢…"))
        #expect((WireLimits.textBytes - 3...WireLimits.textBytes).contains(arrived.expected.utf8.count))
    }

    @Test("A job name is 1 to 64 of a-z, 0-9 and -")
    func jobNames() {
        #expect(JobID("villain-2") != nil)
        #expect(JobID(String(repeating: "a", count: 64)) != nil)
        for bad in ["", "Villain", "a b", "a/b", "é", String(repeating: "a", count: 65)] { #expect(JobID(bad) == nil) }
    }

    @Test("An instance is written as 32 hexadecimal digits, and two are not the same")
    func instances() {
        #expect(InstanceID(high: 0xab, low: 1).description == "00000000000000ab0000000000000001")
        #expect(InstanceID.random() != InstanceID.random())
    }
}
