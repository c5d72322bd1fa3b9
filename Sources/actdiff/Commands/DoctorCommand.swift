import ArgumentParser
import Compute
import Foundation

/// `actdiff doctor`: what this machine is good for.
struct DoctorCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "doctor", abstract: "Says which kernels this machine uses.")

    func run() throws {
        try Terminal.print(
            """
            actdiff   \(Version.current)
            kernels   \(ProcessorKernels.instructionSet)
            cores     \(ProcessorSet.availableCount)
            """)
    }
}
