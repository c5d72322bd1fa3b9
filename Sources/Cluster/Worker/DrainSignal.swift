import Foundation
import Inputs

/// The signal besides SIGTERM and SIGINT that asks a daemon to drain: batch systems send it some time before they end a
/// process.
public enum DrainSignal: String, Sendable, Hashable, CaseIterable {
    case usr1 = "USR1"
    case usr2 = "USR2"
    case hup = "HUP"

    /// Its number for signal(2).
    public var number: Int32 {
        switch self {
        case .usr1: SIGUSR1
        case .usr2: SIGUSR2
        case .hup: SIGHUP
        }
    }

    /// Reads it from a configuration file.
    init(_ document: Document) throws {
        let names = Self.allCases.map(\.rawValue).joined(separator: ", ")
        guard let known = Self(rawValue: try document.string()) else {
            throw document.error(expected: "one of \(names)")
        }
        self = known
    }
}
