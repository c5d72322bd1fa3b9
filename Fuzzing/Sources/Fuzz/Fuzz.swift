import CLibFuzzer
import Glibc

/// `Fuzz TARGET OPTIONS…` runs libFuzzer with its own options; `Fuzz TARGET --seeds FOLDER` writes what it starts from.
@main
enum Fuzz {
    /// Decoders that are fuzzed together.
    enum Target: String, CaseIterable {
        /// Messages of both directions: one decoder refuses by the kind what is meant for the other.
        case messages
        /// Shard results and their columns.
        case frames
        /// Key files, job files and the fold's snapshots.
        case texts
        /// Zip archives, NumPy's arrays, safetensors and the vectors in them.
        case files
    }

    static func main() throws {
        let words = CommandLine.arguments
        guard words.count > 1, let target = Target(rawValue: words[1]) else {
            fatalError("the first argument is one of \(Target.allCases.map(\.rawValue))")
        }
        if words.count == 4, words[2] == "--seeds" { return try Seeds.write(target, into: words[3]) }
        exit(run(target))
    }

    private static func run(_ target: Target) -> CInt {
        var count = CommandLine.argc - 1
        // Without the target's name.
        var arguments: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>? = CommandLine.unsafeArgv + 1
        arguments?[0] = CommandLine.unsafeArgv[0]
        switch target {
        case .messages: return LLVMFuzzerRunDriver(&count, &arguments) { MessageChecks.check(input($0, $1)) }
        case .frames: return LLVMFuzzerRunDriver(&count, &arguments) { FrameChecks.check(input($0, $1)) }
        case .texts: return LLVMFuzzerRunDriver(&count, &arguments) { TextChecks.check(input($0, $1)) }
        case .files: return LLVMFuzzerRunDriver(&count, &arguments) { FileChecks.check(input($0, $1)) }
        }
    }
}

private func input(_ bytes: UnsafePointer<UInt8>?, _ count: Int) -> [UInt8] {
    Array(UnsafeBufferPointer(start: bytes, count: count))
}

/// Ends the process, which libFuzzer takes for a crash, where what must hold does not.
func demand(_ holds: Bool, _ what: @autoclosure () -> String) {
    if !holds { fatalError(what()) }
}

/// The value of what must not throw.
func must<Value>(_ what: String, _ body: () throws -> Value) -> Value {
    do {
        return try body()
    } catch {
        fatalError("\(what): \(error)")
    }
}
