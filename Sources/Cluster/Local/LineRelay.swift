import Foundation

/// A pipe whose lines go to a closure, on a thread of its own, until the other end is closed.
final class LineRelay: Sendable {
    let pipe = Pipe()

    init(_ relay: @escaping @Sendable (String) -> Void) {
        let thread = Thread { [self] in readAll(relay) }
        thread.name = "actdiff-lines"
        thread.start()
    }

    private func readAll(_ relay: (String) -> Void) {
        var chunk = [UInt8](repeating: 0, count: 4096)
        var rest: [UInt8] = []
        while true {
            let count = read(pipe.fileHandleForReading.fileDescriptor, &chunk, chunk.count)
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { break }
            rest += chunk[..<count]
            while let end = rest.firstIndex(of: UInt8(ascii: "\n")) {
                relay(String(decoding: rest[..<end], as: UTF8.self))
                rest.removeSubrange(...end)
            }
        }
        // The last one may be without an end.
        if !rest.isEmpty { relay(String(decoding: rest, as: UTF8.self)) }
    }
}
