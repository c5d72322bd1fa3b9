import Foundation
import Synchronization

/// A pipe whose lines go to a closure, on a thread of the system's choice, until the other end is closed.
final class LineRelay: Sendable {
    let pipe = Pipe()
    private let rest = Mutex<[UInt8]>([])

    init(_ relay: @escaping @Sendable (String) -> Void) {
        // Held by the handler, which goes with the other end.
        pipe.fileHandleForReading.readabilityHandler = { [self] handle in
            let bytes = handle.availableData
            if bytes.isEmpty { handle.readabilityHandler = nil }
            for line in lines(bytes) { relay(line) }
        }
    }

    /// The lines that end in these bytes; with none the last one, whether it is complete or not.
    private func lines(_ bytes: Data) -> [String] {
        rest.withLock { rest in
            rest += bytes
            var lines = rest.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
            let last = lines.removeLast()
            if bytes.isEmpty, !last.isEmpty { lines.append(last) }
            let complete = lines.map { String(decoding: $0, as: UTF8.self) }
            rest = bytes.isEmpty ? [] : Array(last)
            return complete
        }
    }
}
