import CLibFuzzer
import Foundation

/// `Fuzz TARGET OPTIONS…` runs libFuzzer with its own options; `Fuzz TARGET --seeds FOLDER` writes what it starts from.
/// `Fuzz --targets` lists the targets.
@main
enum Fuzz {
    static func main() throws {
        let words = CommandLine.arguments
        if words.dropFirst() == ["--targets"] {
            for target in FuzzTarget.allCases { print(target.rawValue) }
            return
        }
        if words.count == 4, words[2] == "--seeds" { return try writeSeeds(of: target, into: words[3]) }
        let isNamed = words.dropFirst().first == target.rawValue
        run(target, Array(words.dropFirst(isNamed ? 2 : 1)))
    }

    /// Tells the processes that libFuzzer starts, for -merge and -jobs, what their target is: it passes its own options alone.
    private static let variable = "ACTDIFF_FUZZ_TARGET"

    private static let target: FuzzTarget = {
        let stated = [CommandLine.arguments.dropFirst().first, ProcessInfo.processInfo.environment[variable]]
        guard let target = stated.compactMap({ $0 }).lazy.compactMap(FuzzTarget.init(rawValue:)).first else {
            fatalError("the first argument is one of \(FuzzTarget.allCases.map(\.rawValue))")
        }
        return target
    }()

    private static func writeSeeds(of target: FuzzTarget, into folder: String) throws {
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        for (at, seed) in try target.checks.seeds().enumerated() {
            try Data(seed).write(to: URL(fileURLWithPath: "\(folder)/seed-\(at)"))
        }
    }

    /// The checks that libFuzzer's callback, which carries no context, calls.
    private static let checks: any Checks = {
        do {
            return try target.checks.init()
        } catch {
            fatalError("the checks cannot be made: \(error)")
        }
    }()

    /// Runs libFuzzer with the limits of the target; options that are given count in their place.
    private static func run(_ target: FuzzTarget, _ options: [String]) {
        setenv(variable, target.rawValue, 1)
        let limits = target.limits
        let words =
            [
                CommandLine.arguments[0], "-max_len=\(limits.bytes)", "-timeout=\(limits.seconds)",
                "-malloc_limit_mb=\(limits.allocation)", "-rss_limit_mb=\(limits.memory)",
            ] + options
        _ = checks
        // libFuzzer keeps them until the process ends.
        var arguments: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>? = .allocate(capacity: words.count + 1)
        for (at, word) in words.enumerated() { arguments?[at] = strdup(word) }
        arguments?[words.count] = nil
        var count = CInt(words.count)
        exit(
            LLVMFuzzerRunDriver(&count, &arguments) { bytes, count in
                do {
                    try Fuzz.checks.check(Array(UnsafeBufferPointer(start: bytes, count: count)))
                } catch {
                    // libFuzzer takes the signal for a crash, and keeps the input.
                    fatalError("\(error)")
                }
                return 0
            })
    }
}
