import Foundation
import Inputs
import Logging
import Wire
import Work

/// Sessions and their snapshots; all on their job's queue.
extension JobWorkshop {
    /// Calls `body` with a job's session, which is opened if need be.
    func withSession<Value>(of job: StoredJob, _ body: (inout FoldSession) throws -> Value) throws -> Value {
        folds.withLock { _ = $0.open.insert(job.id) }
        var session: FoldSession?
        defer {
            // One that has left a shard out, or whose process is gone, is of no further use.
            let rest = session.flatMap { $0.isSpent || !$0.folding.isOpen ? nil : $0 }
            folds.withLock { folds in
                folds.sessions[job.id] = rest
                if rest == nil { folds.open.remove(job.id) }
            }
        }
        var opened = try folds.withLock { $0.sessions.removeValue(forKey: job.id) } ?? open(job)
        defer { session = opened }
        return try body(&opened)
    }

    /// A fold where its snapshot was made, or at the start.
    private func open(_ job: StoredJob) throws -> FoldSession {
        let planned = try store.plannedWork(of: job)
        let stop = newStop(for: job.id)
        do {
            if let session = try restored(job, planned, stop) { return session }
        } catch let error as InputError where error.kind != .temporary {
            logger.warning(
                "a fold's snapshot is dropped; the job is folded from the start",
                metadata: ["job": "\(job.id)", "error": "\(error)"])
            removeSnapshot(of: job.id)
        }
        return FoldSession(job.id, try runner.fold(of: planned, from: nil, until: stop))
    }

    /// The fold that made the snapshot; nil where there is none. Throws `InputError` for one that does not belong to
    /// what is committed now.
    private func restored(_ job: StoredJob, _ planned: PlannedWork, _ stop: StopSignal) throws -> FoldSession? {
        let file = folder.fold(of: job.id.text)
        guard FileManager.default.fileExists(atPath: file) else { return nil }
        let snapshot = try FoldSnapshot(InputFile(own: file).bytes(), file: file)
        let digests = try store.committed(of: job, from: 0, limit: snapshot.nextShard)
        let chain = FoldChain(job.id, digests)
        guard digests.count == snapshot.nextShard, chain == snapshot.chain else {
            throw InputError(
                file, expected: "the \(snapshot.nextShard) first shards as they are committed now, \(chain.digest)",
                found: "\(snapshot.chain.digest)")
        }
        let session = try FoldSession(
            snapshot, runner.fold(of: planned, from: snapshot.folding, until: stop))
        logger.info("the fold goes on", metadata: ["job": "\(job.id)", "shard": "\(session.nextShard)"])
        return session
    }

    /// Drops a session that is not of what is committed now.
    func dropUnlessCurrent(_ job: StoredJob, _ digests: [Digest?]) throws {
        guard let session = folds.withLock({ $0.sessions[job.id] }) else { return }
        guard session.chain != FoldChain(job.id, digests.prefix(session.nextShard).compactMap(\.self)) else { return }
        logger.warning(
            "committed shards have changed; the job is folded from the start", metadata: ["job": "\(job.id)"])
        drop(job.id)
    }

    /// Makes a snapshot. Where that fails the fold goes on all the same: it only saves time.
    func save(_ session: inout FoldSession, _ job: StoredJob) {
        session.savedAt = .now
        guard session.nextShard > 0, session.folding.snapshotSize <= policy.mostSnapshotBytes else { return }
        do {
            try AtomicFile.write(session.snapshot().bytes, to: folder.fold(of: job.id.text))
        } catch {
            logger.warning("no snapshot of the fold", metadata: ["job": "\(job.id)", "error": "\(error)"])
        }
    }

    /// Forgets a job that has ended.
    func close(_ job: JobID, keepingSnapshot: Bool) {
        folds.withLock { folds in
            folds.sessions[job] = nil
            folds.open.remove(job)
            folds.stalled.remove(job)
            folds.orders[job] = nil
            folds.stops[job] = nil
        }
        if !keepingSnapshot { removeSnapshot(of: job) }
    }

    /// Forgets what was folded of a job; an order to finish it stands.
    func drop(_ job: JobID) {
        folds.withLock { folds in
            folds.sessions[job] = nil
            folds.open.remove(job)
            folds.stalled.remove(job)
        }
        removeSnapshot(of: job)
    }

    private func removeSnapshot(of job: JobID) {
        do {
            try Bundle.remove(folder.fold(of: job.text))
        } catch {
            logger.warning("a fold's snapshot stays", metadata: ["job": "\(job)", "error": "\(error)"])
        }
    }

    /// Clears away what folds that were ended midway left behind, and snapshots of jobs that have ended.
    func sweep() {
        do {
            try Bundle.sweep(folder.bundles)
            let open = Set(try store.list(where: "state IN ('running', 'partial')", [], limit: .max).map(\.id.text))
            for name in try Bundle.names(in: folder.folds) where !open.contains(name) {
                try Bundle.remove(folder.folds + "/" + name)
            }
        } catch {
            logger.warning("leftovers of earlier folds stay", metadata: ["error": "\(error)"])
        }
    }
}
