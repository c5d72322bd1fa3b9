import Wire

/// How a worker leaves.
extension WorkerMachine {
    /// Finishes the shard that is computed and gives back the rest.
    mutating func leave(_ outcome: Outcome, saying reason: String, at now: Double) -> [Action] {
        isDraining = true
        ending = outcome
        let waiting = held.compactMap { if case .waiting = $0.stage { $0.id } else { nil } }
        held.removeAll { waiting.contains($0.id) }
        // With nothing held the goodbye says everything, and the answer to a renewal would find nobody.
        var actions: [Action] = held.isEmpty && waiting.isEmpty ? [] : [renewal(at: now)]
        if !waiting.isEmpty { actions.append(.handBack(waiting, reason: reason)) }
        return actions + endIfDrained()
    }

    mutating func stop(_ outcome: Outcome, saying reason: String) -> [Action] {
        let leases = heldLeases
        return end(outcome, saying: leases.isEmpty ? [] : [.handBack(leases, reason: reason)])
    }

    mutating func notePace(_ seconds: Double) {
        // Rises at once and falls slowly: a shard that is not finished is lost work.
        secondsPerToken = max(seconds, (secondsPerToken ?? seconds) * 0.9)
    }

    /// Gives back what cannot be finished before the allocation ends, and takes no more.
    mutating func leaveIfTooLate(at now: Double) -> [Action] {
        guard let lifetime = policy.lifetimeSeconds, !isDraining, !hasEnded else { return [] }
        var seconds = 0.0
        for lease in held {
            let whole = (secondsPerToken ?? 0) * Double(lease.tokens)
            switch lease.stage {
            case .waiting: seconds += whole
            case .running(let since): seconds += max(0, whole - (now - since))
            case .finished: break
            }
        }
        guard held.contains(where: { if case .waiting = $0.stage { true } else { false } }),
            now + seconds * Self.lifetimeMargin >= beganAt + lifetime
        else { return [] }
        return leave(.outlived, saying: "the worker's time ends before it could be finished", at: now)
    }

    /// Leaves at the end of its time, or shortly before it if nothing is left to do.
    mutating func leaveIfOver(at now: Double) -> [Action] {
        guard let lifetime = policy.lifetimeSeconds, !isDraining else { return [] }
        let early = held.isEmpty ? min(policy.greetingSeconds, lifetime / 10) : 0
        guard now + early >= beganAt + lifetime else { return [] }
        return leave(.outlived, saying: "the worker's time is over", at: now)
    }

    /// Factor by which a shard may take longer than expected.
    private static var lifetimeMargin: Double { 1.2 }
}
