import Diffing
import Inputs
import Wire

extension CoordinatorCore {
    /// A result that is to be committed or compared: its encoded bytes, what they say, and the kernels that computed it.
    struct Delivery {
        let bytes: [UInt8]
        let result: ShardResult
        let instructionSet: String
        /// The worker's name.
        let worker: String
    }

    /// A piece of a result. Credit goes back as pieces are taken in.
    func receive(_ part: ResultPart, from peer: PeerID, at: Double) {
        // Taken out while it changes, so that the pieces so far are not copied.
        guard let instance = attached[peer]?.instance, connections[instance]?.data == peer,
            var connection = connections.removeValue(forKey: instance)
        else { return ask(peer, at: at) }
        metrics.bytes[.init(.in, .lz4)].add(part.bytes.count)
        guard connection.mayHaveSent(part.bytes.count), Self.take(part, &connection) else {
            // A piece was lost, or sent without credit: once the worker has attached again it sends all of it again.
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

    /// A whole result: it is held against its digest, the task and the shard before anybody believes it.
    private func accept(_ whole: ResultAssembly, from worker: InstanceID, at: Double) {
        let lease = whole.lease
        guard let job = running[lease.job], let task = job.task, (0..<job.shards).contains(lease.shard) else {
            return perform([.reject(lease, to: worker, reason: "no such job is running")])
        }
        let digest: Digest
        let result: ShardResult
        do {
            let found = Digest(of: whole.bytes)
            guard found == whole.digest else {
                throw WireError("result", expected: "bytes with digest \(whole.digest)", found: "\(found)")
            }
            result = try ShardResultCodec.decode(whole.bytes, task: task, work: try store.work(lease))
            let raw = try ShardResultCodec.uncompressed(result)
            metrics.bytes[.init(.in, .raw)].add(raw.bytes)
            digest = raw.digest
        } catch let error as WireError {
            return refuse(lease, of: worker, error, at: at)
        } catch {
            // The store cannot say what the shard is: the worker keeps the result, and is asked for it again.
            log(.error, "a result could not be checked", lease, worker, "\(error)")
            return perform([.askWho(worker)])
        }
        let actions = scheduler.resultReceived(lease, digest: digest, from: worker, at: at)
        let isFirst = actions.contains { if case .commit = $0 { true } else { false } }
        if !isFirst { metrics.duplicateResults.add() }
        log(.debug, isFirst ? "result" : "another result", lease, worker)
        tell(lease, isFirst ? "result" : "another result", worker, "\(whole.bytes.count) bytes")
        freedAt[worker] = at
        perform(
            actions,
            delivery: Delivery(
                bytes: whole.bytes, result: result,
                instructionSet: connections[worker]?.hello.instructionSet ?? "unknown",
                worker: connections[worker]?.name ?? "\(worker)"))
    }

    /// The bytes are no result of the shard: that is a failure of this worker at it.
    private func refuse(_ lease: LeaseID, of worker: InstanceID, _ error: WireError, at: Double) {
        let error = InputError("\(lease): \(error.what)", expected: error.expected, found: error.found)
        if let data = connections[worker]?.data { send(.rejected(lease, error), to: data) }
        perform(scheduler.shardFailed(lease, error: error, isPermanent: false, from: worker, at: at))
    }

    /// Holds a result against the committed one, and where asked for against the one that was kept.
    func compare(_ lease: LeaseID, from worker: InstanceID, challenger: Bool, _ delivery: Delivery?) {
        let key = Scheduler.ShardKey(job: lease.job, shard: lease.shard)
        let committed = delivery.map { comparison(of: $0, withCommitted: lease) } ?? .unknown
        let other = delivery.flatMap { mine in challenges[key].map { comparison(of: mine.result, with: $0, lease) } }
        perform(
            scheduler.compared(
                lease, committed: committed, challenger: challenger ? other ?? .unknown : nil, from: worker, at: now),
            delivery: delivery)
    }

    private func comparison(of delivery: Delivery, withCommitted lease: LeaseID) -> Scheduler.Comparison {
        guard let job = running[lease.job], let task = job.task else { return .unknown }
        do {
            let bytes = try store.result(lease.job, shard: lease.shard)
            let committed = try ShardResultCodec.decode(bytes, task: task, work: try store.work(lease))
            return comparison(of: delivery.result, with: committed, lease)
        } catch {
            log(.warning, "two results could not be compared", lease, nil, "\(error)")
            return .unknown
        }
    }

    private func comparison(
        of mine: ShardResult, with other: ShardResult, _ lease: LeaseID
    ) -> Scheduler.Comparison {
        guard let task = running[lease.job]?.task, let work = try? store.work(lease) else { return .unknown }
        switch ResultComparison(mine, other, task: task, work: work) {
        case .identical, .within: return .agrees
        case .differs(let what): return .differs(what)
        }
    }
}
