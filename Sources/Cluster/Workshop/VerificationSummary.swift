import Inputs

/// How the verification of a job went, as a file of its bundle: the only one that tells how the results came about, and so
/// the only one that may differ between two runs of a job. Jobs without `verify` have none.
struct VerificationSummary {
    private static let file = "verification.json"

    private let text: String

    /// Nil for a job that wants no verification.
    init?(of job: StoredJob, in store: JobStore) throws {
        let wanted = try store.verifiedShards(of: job).count
        guard wanted > 0 else { return nil }
        let outcomes = try store.verifications(of: job)
        let voices = try store.verifierCount(of: job)
        text = try CanonicalJSON.text(
            .object([
                "shards": .integer(wanted), "agreed": .integer(outcomes[.agreed] ?? 0),
                "disputed": .integer(outcomes[.disagreed] ?? 0), "skipped": .integer(outcomes[.skipped] ?? 0),
                "voices": .integer(voices),
            ]))
    }

    /// Writes it to a bundle that is not in its place yet. Throws `InputError`.
    func write(into folder: String) throws {
        try AtomicFile.write(Array(text.utf8), to: folder + "/" + Self.file)
    }
}
