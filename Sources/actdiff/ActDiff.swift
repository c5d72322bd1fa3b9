import ArgumentParser
import Cluster
import Compute
import Foundation
import Inputs

/// The command line: one file per command under `Commands/`.
struct ActDiff: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "actdiff",
        abstract: "Finds out what a fine-tune changed inside a language model.",
        discussion: """
            Runs the same prompts through a base and tuned checkpoints, encodes the residual stream of both with the \
            same sparse autoencoder, and ranks the latents by how much their activation rose or fell.

            EXAMPLE
              actdiff run job.yaml --out results/first
              actdiff results results/first --mask content --top 10

            EXIT STATUS
              0 done or drained, 64 usage, 65 bad input data, 69 coordinator unreachable, 75 temporary failure,
              77 authentication refused, 78 configuration or version mismatch.
            """,
        version: Version.current,
        subcommands: [
            InitCommand.self, RunCommand.self, SubmitCommand.self, WatchCommand.self, JobsCommand.self,
            ShowCommand.self,
            CancelCommand.self, RetryCommand.self, RemoveCommand.self, PruneCommand.self, StoryCommand.self,
            WorkersCommand.self, ResultsCommand.self, CompareCommand.self, ReportCommand.self,
            CoordinatorCommand.self, WorkerCommand.self, KeygenCommand.self, DoctorCommand.self,
            BenchCommand.self, WorkshopCommand.self,
        ])
}

@main
enum Main {
    static func main() {
        // A reader that goes away (such as `head`) must not end a daemon; writes report it instead.
        signal(SIGPIPE, SIG_IGN)
        // So must a limit on the size of files (ulimit -f): writes report it like a full disk.
        signal(SIGXFSZ, SIG_IGN)
        Terminal.openStandardStreams()
        do {
            try refuseOtherKernels()
            try Start.refuseUnknownLogLevel()
            try DescriptorLimit.ensure()
            try AddressSpaceLimit.ensure()
            var command = try ActDiff.parseAsRoot()
            try command.run()
        } catch let error as InputError {
            Terminal.complain(error.description)
            // Not `exit`: a worker that is refused may still have a thread that computes, see `WorkerCommand`.
            _exit(error.kind.exitStatus)
        } catch {
            end(with: error)
        }
    }

    /// What the argument parser has to say: an error, which may repeat what was typed, or the text that was asked for.
    private static func end(with error: any Error) -> Never {
        let status = ActDiff.exitCode(for: error)
        if status.isSuccess { ActDiff.exit(withError: error) }
        Terminal.say(ActDiff.fullMessage(for: error))
        _exit(status.rawValue)
    }

    /// Results in other bits than those that were asked for would go unnoticed.
    private static func refuseOtherKernels() throws {
        guard !ProcessorKernels.areAsRequested else { return }
        throw InputError(
            ProcessorKernels.variable, expected: "avx512, avx2 or portable, and what this processor has",
            found: ProcessInfo.processInfo.environment[ProcessorKernels.variable] ?? "nothing",
            hint: "unset it to use this processor's widest", kind: .configuration)
    }
}
