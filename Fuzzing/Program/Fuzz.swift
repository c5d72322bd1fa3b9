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
        guard words.count > 1, let target = FuzzTarget(rawValue: words[1]) else {
            fatalError("the first argument is one of \(FuzzTarget.allCases.map(\.rawValue))")
        }
        if words.count == 4, words[2] == "--seeds" { return try writeSeeds(of: target, into: words[3]) }
        run(target, Array(words.dropFirst(2)))
    }

    private static func writeSeeds(of target: FuzzTarget, into folder: String) throws {
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        for (at, seed) in try target.checks.seeds().enumerated() {
            try Data(seed).write(to: URL(fileURLWithPath: "\(folder)/seed-\(at)"))
        }
    }

    /// The checks that libFuzzer's callback, which carries no context, calls.
    private static let checks: any Checks = {
        do {
            guard let target = FuzzTarget(rawValue: CommandLine.arguments[1]) else { fatalError("no such target") }
            return try target.checks.init()
        } catch {
            fatalError("the checks cannot be made: \(error)")
        }
    }()

    /// Runs libFuzzer with the limits of the target; options that are given count in their place.
    private static func run(_ target: FuzzTarget, _ options: [String]) {
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
