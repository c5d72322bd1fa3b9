import Foundation
import Testing
import Wire

@Suite("Mailbox", .timeLimit(.minutes(5)))
struct MailboxTests {
    @Test("An empty mailbox gives nothing when the time is up")
    func timeout() throws {
        let mailbox = try Mailbox<Int>()
        let start = ContinuousClock.now
        #expect(mailbox.takeAll(waiting: .milliseconds(20)) == [])
        #expect(start.duration(to: .now) >= .milliseconds(20))
        #expect(mailbox.takeAll() == [])
    }

    @Test("What is posted before the wait is there at once")
    func posted() throws {
        let mailbox = try Mailbox<Int>()
        mailbox.post(1)
        mailbox.post(2)
        #expect(mailbox.takeAll(waiting: nil) == [1, 2])
        mailbox.post(3)
        #expect(mailbox.takeAll(waiting: nil) == [3])
    }

    @Test("Nothing is lost between threads, and each one's elements stay in order")
    func threads() throws {
        let count = 20_000
        let mailbox = try Mailbox<(sender: Int, number: Int)>()
        for sender in 0..<4 {
            Thread { for number in 0..<count { mailbox.post((sender, number)) } }.start()
        }
        var taken: [(sender: Int, number: Int)] = []
        while taken.count < 4 * count {
            let more = mailbox.takeAll(waiting: .seconds(20))
            try #require(!more.isEmpty)
            taken += more
        }
        for sender in 0..<4 {
            #expect(taken.filter { $0.sender == sender }.map(\.number) == Array(0..<count))
        }
    }
}
