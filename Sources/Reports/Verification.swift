import Foundation
import Inputs
import Latents

/// How the verification of a job went, as its bundle has it.
struct Verification: CustomStringConvertible {
    /// Shards that were to be verified.
    let shards: Int
    /// Those that nobody else computed.
    let skipped: Int

    /// Nil for a bundle of a job that wanted none.
    init?(of bundle: ResultBundle) throws {
        let file = bundle.folder + "/verification.json"
        guard try Presence.of(file) == .file else { return nil }
        let document = try Document(jsonFile: file)
        shards = try document.required("shards").integer(atLeast: 0)
        skipped = try document.required("skipped").integer(atLeast: 0)
    }

    var description: String {
        """
        \(skipped) of \(shards) shards that were to be verified were not: no other worker came in time (one with another key, where \
        keys are in use)
        """
    }
}
