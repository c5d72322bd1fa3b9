import Foundation
import Inputs
import Logging

/// Log lines on standard error: one line for each event, whatever is in it, and never in the middle of a progress line.
struct LineLogHandler: LogHandler {
    let label: String
    var logLevel = Logger.Level.info
    var metadata: Logger.Metadata = [:]

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        let values = metadata.merging(event.metadata ?? [:]) { $1 }
        let pairs = values.sorted { $0.key < $1.key }.map { " \($0.key)=\($0.value)" }.joined()
        let time = Date().formatted(.iso8601)
        let text = "\(time) \(event.level) \(label):\(pairs) [\(event.source)] \(event.message)"
        Terminal.say(Printable.line(text))
    }
}
