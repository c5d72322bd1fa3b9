import Inputs
import Wire
import Work

extension CoordinatorCore {
    /// A result that is to be committed or compared: its encoded bytes, and what they were computed with.
    struct Delivery {
        let bytes: [UInt8]
        /// SHA-256 of `bytes`.
        let transfer: Digest
        let numberSystem: String
        let author: Author
    }

    /// A piece of a result. Credit goes back as pieces are taken in.
    func receive(_ part: ResultPart, from peer: PeerID, at: Double) {
        // Taken out while it changes, so that the pieces so far are not copied.
        guard let instance = attached[peer]?.instance, connections[instance]?.data == peer,
            var connection = connections.removeValue(forKey: instance)
        else { return ask(peer, at: at) }
        metrics.bytes[.init(.in, .lz4)].add(part.bytes.count)
        guard connection.mayHaveSent(part.bytes.count), Self.take(part, &connection) else {
            // A piece was lost, or sent without credit. When the worker has attached again it sends the whole result.
            connection.assembly = nil
            connections[instance] = connection
            credit.release(instance)
            log(.debug, "a piece out of order", part.lease, instance, "offset \(part.offset)")
            return ask(peer, at: at)
        }
        connection.consume(part.bytes.count)
        if part.offset == 0 { connection.isAdmitted = credit.reserve(part.totalBytes, for: instance, at: at) }
        let whole = connection.assembly.flatMap { $0.isComplete ? $0 : nil }
        if whole != nil {
            connection.assembly = nil
            connection.isAdmitted = false
            credit.release(instance)
        }
        let grant = connection.credit()
        connections[instance] = connection
        if let grant { send(.credit(bytes: grant), to: peer) }
        admitWaiting()
        if let whole { accept(whole, from: instance, at: at) }
    }

    /// Lets workers go on whose results have waited for room.
    func admitWaiting() {
        for (worker, waited) in credit.admitWaiting(at: now) {
            metrics.creditStallSeconds.add(waited)
            connections[worker]?.isAdmitted = true
            guard let data = connections[worker]?.data, let grant = connections[worker]?.credit() else { continue }
            send(.credit(bytes: grant), to: data)
        }
    }

    private static func take(_ part: ResultPart, _ connection: inout WorkerConnection) -> Bool {
        if part.offset == 0 {
            connection.assembly = ResultAssembly(part)
            return true
        }
        return connection.assembly?.append(part) ?? false
    }

    /// A whole result: it is held against its transfer digest, the task and the shard before anybody believes it.
    private func accept(_ whole: ResultAssembly, from worker: InstanceID, at: Double) {
        let lease = whole.lease
        guard let connection = connections[worker] else { return }
        guard let running = running[lease.job], running.tokens.indices.contains(lease.shard) else {
            return perform([.reject(lease, to: worker, reason: "no such job is running")])
        }
        guard scheduler.wasGiven(lease, to: worker) else {
            return perform([.reject(lease, to: worker, reason: "this lease was not given to this worker")])
        }
        let transfer = Digest(of: whole.bytes)
        guard transfer == whole.transferDigest else {
            let error = InputError(
                "\(lease): result", expected: "bytes with the digest \(whole.transferDigest)", found: "\(transfer)")
            return refuse(lease, of: worker, error, at: at)
        }
        let shard: WorkShard
        do {
            shard = try store.shard(lease.shard, of: running.job)
        } catch let error as InputError where error.kind == .configuration {
            // The plan is damaged: no result can be held against it.
            if let data = connection.data { send(.rejected(lease, error), to: data) }
            return perform(scheduler.fail(lease.job, error))
        } catch {
            // The store cannot say what the shard is: the worker keeps the result, and is asked for it again.
            log(.error, "a result could not be checked", lease, worker, "\(error)")
            return perform([.askWho(worker)])
        }
        let result: CheckedResult
        do {
            result = try running.judge.check(whole.bytes, shard: shard)
        } catch {
            return refuse(lease, of: worker, Self.inputError(error, lease), at: at)
        }
        metrics.bytes[.init(.in, .raw)].add(result.contentBytes)
        let actions = scheduler.resultReceived(lease, digest: result.contentDigest, from: worker, at: at)
        let isFirst = actions.contains { if case .commit = $0 { true } else { false } }
        if !isFirst { metrics.duplicateResults.add() }
        log(.debug, isFirst ? "result" : "another result", lease, worker)
        tell(lease, isFirst ? "result" : "another result", worker, "\(whole.bytes.count) bytes")
        freedAt[worker] = at
        perform(
            actions,
            delivery: Delivery(
                bytes: whole.bytes, transfer: transfer, numberSystem: connection.hello.numberSystem,
                author: connection.author))
    }

    /// Bytes that are no result of the shard count as a failure of this worker.
    private func refuse(_ lease: LeaseID, of worker: InstanceID, _ error: InputError, at: Double) {
        if let data = connections[worker]?.data { send(.rejected(lease, error), to: data) }
        perform(scheduler.shardFailed(lease, error: error, cause: .unknown, from: worker, at: at))
    }

    private static func inputError(_ error: any Error, _ lease: LeaseID) -> InputError {
        error as? InputError ?? InputError("\(lease)", expected: "a result of the shard", found: "\(error)")
    }

    /// Holds a result against the committed one, and where asked for against the one that was kept.
    func compare(_ lease: LeaseID, from worker: InstanceID, challenger: Bool, _ delivery: Delivery?) {
        let committed = comparison(lease, delivery) { try store.storedResult(lease.shard, of: $0) }
        let kept = challenger ? comparison(lease, delivery) { try challenge(lease.shard, of: $0) } : nil
        perform(
            scheduler.compared(lease, committed: committed, challenger: kept, from: worker, at: now),
            delivery: delivery)
    }

    /// The result that is held against a committed one; it may be on its way into the store.
    private func challenge(_ shard: Int, of job: StoredJob) throws -> StoredResult {
        if case .kept(let challenge) = pending.challenges[Scheduler.ShardKey(job: job.id, shard: shard)] {
            return StoredResult(bytes: challenge.bytes, numberSystem: challenge.numberSystem)
        }
        return try store.challenge(shard, of: job)
    }

    /// Holds a result against one that is stored. In one number system there is no rounding: what is not the same to the last
    /// bit differs.
    private func comparison(
        _ lease: LeaseID, _ delivery: Delivery?, with stored: (StoredJob) throws -> StoredResult
    ) -> Scheduler.Comparison {
        guard let delivery, let running = running[lease.job] else { return .unknown }
        do {
            let other = try stored(running.job)
            let shard = try store.shard(lease.shard, of: running.job)
            switch try running.judge.compare(delivery.bytes, other.bytes, shard: shard) {
            case .identical: return .agrees
            case .within(let largest):
                guard delivery.numberSystem == other.numberSystem else { return .agrees }
                return .differs("by \(largest), though both were computed with \(other.numberSystem)")
            case .differs(let what): return .differs(what)
            }
        } catch {
            log(.error, "two results could not be compared", lease, nil, "\(error)")
            return (error as? InputError)?.kind == .temporary ? .unknown : .damaged
        }
    }
}
