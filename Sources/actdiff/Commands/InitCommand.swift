import ArgumentParser
import Foundation
import Inputs
import Latents

/// `actdiff init`: a job file to begin with.
struct InitCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "init",
        abstract: "Writes a commented job file from the models, adapters, dictionaries and prompts in a folder.",
        discussion: """
            Nothing is guessed that could change a number: what the files do not say stays a comment. An existing file is \
            never overwritten.

            EXAMPLE
              actdiff init ~/runs/villain
              actdiff run ~/runs/villain/job.yaml
            """)

    @Argument(help: "The folder to look into. Default: this one.", completion: .directory)
    var folder = "."
    @Option(help: "Name of the job file in that folder.")
    var file = "job.yaml"

    func validate() throws {
        guard !file.isEmpty, !file.contains("/") else { throw ValidationError("--file is a name, without /") }
    }

    func run() throws {
        let path = Start.absolute(folder)
        let target = path + "/" + file
        guard try !Presence.isThere(target) else {
            throw InputError(
                target, expected: "a file that does not exist yet", found: "one that does",
                hint: "name another one with --file", kind: .usage)
        }
        let found = try FoundInputs(below: path)
        let draft = JobDraft(found)
        try AtomicFile.write(Array(draft.text.utf8), to: target)
        if found.isCut { Terminal.say("there is more in \(folder) than was looked at") }
        for lack in draft.lacks { Terminal.say("to be filled in: \(lack)") }
        try Terminal.print(target)
    }
}
