import Foundation
import Glibc
import Inputs
import Reports
import Synchronization

/// Where text goes: results to standard output, everything else to standard error.
///
/// Whatever is written here is made printable first: much of it came from other machines and from files.
enum Terminal {
    /// Whether people are watching standard error.
    static let isInteractive = isatty(STDERR_FILENO) == 1

    /// The line that is redrawn, while there is one: it stays below everything else.
    private static let drawn = Mutex<String?>(nil)

    /// Draws a line without an end in place of the one that was drawn before.
    static func draw(_ line: String) {
        let line = Printable.line(line)
        drawn.withLock { drawn in
            drawn = line
            _ = put(erase + line, on: STDERR_FILENO)
        }
    }

    /// Leaves the drawn line where it stands.
    static func leaveLine() {
        drawn.withLock { drawn in
            if drawn != nil { _ = put("\n", on: STDERR_FILENO) }
            drawn = nil
        }
    }

    private static let erase = "\r\u{1B}[K"

    /// Prints an error the way all of them look.
    static func complain(_ text: String) {
        say("actdiff: \(text)")
    }

    /// Prints a line that is not a result to standard error, above the one that is drawn. Where nobody can read it any
    /// more, the work goes on all the same.
    static func say(_ text: String) {
        let text = Printable.lines(text)
        drawn.withLock { drawn in
            _ = put(drawn.map { "\(erase)\(text)\n\($0)" } ?? text + "\n", on: STDERR_FILENO)
        }
    }

    /// Prints a result to standard output. A reader that has seen enough (such as `head`) is no error; a place that
    /// cannot take the rest, such as a full disk, is: throws `InputError`.
    static func print(_ text: String, terminator: String = "\n") throws {
        try write(Printable.lines(text) + terminator)
    }

    /// Prints a JSON text, which stays the same value for whoever reads it.
    static func print(json: String) throws {
        try write(Printable.json(json))
    }

    /// Prints what a command has to print.
    static func print(_ printout: Printout) throws {
        switch printout {
        case .text(let text): try print(text)
        case .json(let value): try print(json: CanonicalJSON.text(value))
        case .csv(let rows):
            for row in rows {
                try write(row.map(Printable.csvField).joined(separator: ",") + "\r\n")
            }
        }
    }

    private static func write(_ text: String) throws {
        let failure = put(text, on: STDOUT_FILENO)
        guard failure == 0 || failure == EPIPE else {
            throw InputError(
                "standard output", expected: "to take the whole result", found: String(cString: strerror(failure)),
                kind: .temporary)
        }
    }

    /// Makes sure that the standard streams exist, so that no file or socket takes their numbers.
    static func openStandardStreams() {
        for descriptor in STDIN_FILENO...STDERR_FILENO where fcntl(descriptor, F_GETFD) < 0 {
            _ = open("/dev/null", O_RDWR)
        }
    }

    /// Writes all of a text; returns the system's error number, or 0.
    private static func put(_ text: String, on descriptor: Int32) -> Int32 {
        var rest = Array(text.utf8)[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
            if count < 0 {
                if errno == EINTR { continue }
                return errno
            }
            rest = rest.dropFirst(count)
        }
        return 0
    }
}
