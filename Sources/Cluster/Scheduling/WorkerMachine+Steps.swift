import Wire

/// Steps that events share: greetings, renewals, the next shard, parts of results.
extension WorkerMachine {
    var hasUnansweredResult: Bool {
        held.contains { if case .finished = $0.stage { true } else { false } }
    }

    mutating func greet(at now: Double) -> [Action] {
        isWelcome = false
        greetedAt = now
        return [.sayHello(held: heldLeases)]
    }

    /// Ties the data connection to this worker. The coordinator grants new credit and has forgotten all parts.
    mutating func attach(at now: Double) -> [Action] {
        heardOfDataAt = now
        isAttachUnanswered = true
        credit = 0
        for at in held.indices {
            guard case .finished(let digest, let bytes, _) = held[at].stage else { continue }
            held[at].stage = .finished(digest, bytes, sent: 0)
        }
        return [.attach]
    }

    mutating func renewal(at now: Double) -> Action {
        renewedAt = now
        return .renew(
            slots: isDraining ? 0 : policy.slots,
            held.map { lease in
                switch lease.stage {
                case .waiting: Renewal(lease: lease.id, progress: Renewal.waiting)
                case .running: Renewal(lease: lease.id, progress: min(max(progress, 1), Renewal.finished - 1))
                case .finished: Renewal(lease: lease.id, progress: Renewal.finished)
                }
            }, tasks: tasks.digests)
    }

    /// Gives the compute thread the next lease if it is free. The coordinator is told at once: should this worker
    /// vanish now, it is this shard that may be to blame.
    mutating func startNext(at now: Double) -> [Action] {
        guard computing == nil, !hasEnded else { return [] }
        for at in held.indices {
            guard case .waiting(let lease) = held[at].stage else { continue }
            held[at].stage = .running(now)
            computing = lease.id
            progress = 0
            return [.start(lease), renewal(at: now)]
        }
        return []
    }

    /// Sends what credit allows, result after result.
    mutating func sendParts() -> [Action] {
        guard isWelcome, !hasEnded else { return [] }
        var actions: [Action] = []
        for at in held.indices {
            guard case .finished(let digest, let bytes, var sent) = held[at].stage else { continue }
            while sent < bytes.count, credit > 0 {
                let end = sent + min(bytes.count - sent, policy.partBytes, credit)
                actions.append(
                    .send(
                        ResultPart(
                            lease: held[at].id, transferDigest: digest, totalBytes: bytes.count, offset: sent,
                            bytes: Array(bytes[sent..<end]))))
                credit -= end - sent
                sent = end
            }
            held[at].stage = .finished(digest, bytes, sent: sent)
            if sent < bytes.count { break }
        }
        return actions
    }

    mutating func endIfDrained() -> [Action] {
        guard isDraining, held.isEmpty, !hasEnded else { return [] }
        return end(ending, saying: [])
    }

    mutating func end(_ outcome: Outcome, saying words: [Action]) -> [Action] {
        guard !hasEnded else { return [] }
        hasEnded = true
        held = []
        let cancel = computing.map { [Action.cancelCompute($0)] } ?? []
        return cancel + words + [.sayGoodbye, .end(outcome)]
    }
}
