import ArgumentParser
import Cluster
import Exemplars
import Foundation
import Inputs
import Latents
import Logging
import Prompts
import Wire
import Work

/// Where the coordinator's control socket is, and the keys to be let in with.
struct ControlOption: ParsableArguments {
    /// The environment's name for the endpoint.
    private static let variable = "ACTDIFF_CONNECT"

    @Option(
        name: .customLong("connect"),
        help: ArgumentHelp(
            "The coordinator's control endpoint. Default: ACTDIFF_CONNECT, or \(CoordinatorConfig.defaultEndpoints.control).",
            valueName: "endpoint"))
    var named: String?
    @OptionGroup var keys: ClientKeyOptions

    private var endpoint: String {
        named ?? ProcessInfo.processInfo.environment[Self.variable] ?? CoordinatorConfig.defaultEndpoints.control
    }

    /// How to watch a job from the same shell.
    func watchCommand(_ job: JobID) -> String {
        let options = [("--connect", named), ("--key", keys.key), ("--server-key", keys.serverKey)]
        return "actdiff watch \(job)" + options.compactMap { name, value in value.map { " \(name) \($0)" } }.joined()
    }

    func client() throws -> CoordinatorClient {
        let client = try CoordinatorClient(
            endpoint: endpoint, keys: KeySources().client(key: keys.key, serverKey: keys.serverKey))
        client.onWait = { [endpoint] in Terminal.say("waiting for a coordinator at \(endpoint)") }
        return client
    }
}

/// The keys of those who connect.
struct ClientKeyOptions: ParsableArguments {
    @Option(
        help: "File of the own secret key. Default: ACTDIFF_SECRET_KEY, or systemd's credential actdiff.secret.",
        completion: .file())
    var key: String?
    @Option(
        help: ArgumentHelp(
            "The coordinator's public key, or its file. Default: ACTDIFF_SERVER_KEY, or systemd's credential "
                + "coordinator.public.", valueName: "file or key"),
        completion: .file())
    var serverKey: String?
}

extension TokenMask: ExpressibleByArgument {}

extension MemorySize: ExpressibleByArgument {
    public init?(argument: String) {
        self.init(argument)
    }

    /// What an option for it says.
    static func help(_ whose: String, _ rest: String = "") -> ArgumentHelp {
        let share = "three quarters of what machine and control groups allow" + (rest.isEmpty ? "" : ", \(rest)")
        return ArgumentHelp("\(whose), such as 4GiB or 4096MiB. Default: \(share).", valueName: "size")
    }
}

extension JobID: ExpressibleByArgument {
    public init?(argument: String) {
        self.init(argument)
    }
}

/// What several commands start with.
enum Start {
    /// Lines on standard error; `ACTDIFF_LOG` sets the level (trace, debug, info, notice, warning, error).
    static func logger(_ label: String, level: Logger.Level = .notice) -> Logger {
        var logger = Logger(label: label) { LineLogHandler(label: $0) }
        logger.logLevel = logLevel.flatMap { Logger.Level(rawValue: $0) } ?? level
        return logger
    }

    /// Throws `InputError` for a level that there is not.
    static func refuseUnknownLogLevel() throws {
        guard let logLevel, Logger.Level(rawValue: logLevel) == nil else { return }
        let known = Logger.Level.allCases.map(\.rawValue)
        throw InputError(
            "ACTDIFF_LOG", expected: "one of \(known.joined(separator: ", "))", found: "'\(logLevel)'",
            hint: Suggestion.hint(for: logLevel, among: known), kind: .configuration)
    }

    private static var logLevel: String? { ProcessInfo.processInfo.environment["ACTDIFF_LOG"] }

    /// Digests of large files, kept from one run to the next in the user's cache folder.
    static func digests() -> DigestCache {
        let environment = ProcessInfo.processInfo.environment
        let caches = environment["XDG_CACHE_HOME"] ?? (NSHomeDirectory() + "/.cache")
        return DigestCache(at: caches + "/actdiff/digests.json")
    }

    /// Every kind of work that there is; with roots, jobs may name nothing outside them.
    static func kinds(roots: ModelRoots? = nil) -> WorkKinds {
        WorkKinds([
            latents(roots: roots), ExemplarsKind(digests: digests(), version: Version.current, roots: roots),
        ])
    }

    /// The kind that ranks latents.
    static func latents(roots: ModelRoots? = nil) -> LatentsKind {
        LatentsKind(digests: digests(), version: Version.current, roots: roots)
    }

    /// A job file with the folder from which its paths count.
    static func source(of job: String) throws -> JobSource {
        let path = absolute(job)
        return JobSource(
            specText: String(decoding: try Document.contents(of: path), as: UTF8.self), specFile: job,
            folder: (path as NSString).deletingLastPathComponent)
    }

    /// An absolute path without `.` and `..`.
    static func absolute(_ path: String) -> String {
        // A shell has done with `~`; one that is left is a name.
        URL(fileURLWithPath: path.hasPrefix("~") ? "./" + path : path).standardizedFileURL.path
    }
}
