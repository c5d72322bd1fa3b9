import Inputs
import Wire
@testable import Cluster

/// What the scheduler asks for is done, if it may be.
extension SchedulerRun {
    /// Does what is asked for. Returns what is wrong with it.
    mutating func perform(_ action: Scheduler.Action) -> String? {
        switch action {
        case .grant(let lease, let worker, let purpose): return note(lease, to: worker, purpose)
        case .commit(let lease, let digest):
            if shard(lease).commit != nil { return "\(lease) would be committed twice" }
            if isUnderWay(lease) { return "two commits of \(lease) at once" }
            guard let arriving else { return "\(lease) would be committed without a result" }
            commitsUnderWay.append((lease, digest, arriving.worker))
        case .compare(let lease, let worker, let challenger):
            return compare(lease, from: worker, challenger: challenger)
        case .keepChallenge(let lease, let author, let what):
            guard let arriving else { return "nothing to keep" }
            change(lease.job, lease.shard) {
                $0.challenge = (arriving.digest, author, what)
                $0.wasDisputed = true
            }
        case .dropChallenge(let job, let shard): change(job, shard) { $0.challenge = nil }
        case .convict(let author, _): convicted.insert(author)
        case .pin(let job, let numberSystem):
            let done = stored[job]?.shards.contains { $0.commit != nil } == true
            if done { return "\(job) is pinned again although it has results" }
            stored[job]?.numberSystem = numberSystem
        case .acknowledge(let lease, _):
            if shard(lease).commit == nil, shard(lease).quarantined == nil {
                return "\(lease) was acknowledged without being committed"
            }
        case .quarantine(let job, let index, let error):
            if stored[job]?.shards[index].commit != nil { return "\(job)/\(index) is quarantined and committed" }
            change(job, index) { $0.quarantined = error }
        case .noteVerification(let job, let shard, let outcome, let authors):
            if outcome != .skipped, Set(authors).count < 2 { return "\(job)/\(shard) is verified by \(authors)" }
            counts[outcome.rawValue, default: 0] += 1
            change(job, shard) { ($0.verification, $0.verifiers) = (outcome, authors) }
        case .retract(let job, let shards):
            for index in shards {
                if stored[job]?.shards[index].commit == nil {
                    return "\(job)/\(index) is taken back and was not committed"
                }
                change(job, index) { ($0.commit, $0.verification) = (nil, nil) }
            }
        case .dismiss(let worker, let reason, _):
            if isHonest(worker) { return "\(name(worker)) is honest and was dismissed: \(reason)" }
            counts["dismissals", default: 0] += 1
        case .finishJob(let job, let missing): return finish(job, missing)
        case .failJob(let job, let error):
            if error.expected.isEmpty { return error.place }
            if let before = stored[job]?.ended { return "\(job) failed after it was \(before)" }
            end(job, "failed")
        case .record(.convicted(let author, _, _, _)):
            if !liars.contains(author) { return "\(author.name) is innocent" }
            counts["convictions", default: 0] += 1
        case .record(.disputed): counts["disputes", default: 0] += 1
        case .record(.unfit): counts["unfit", default: 0] += 1
        case .reject, .revoke, .askWho, .record: break
        }
        return nil
    }

    mutating func end(_ job: JobID, _ how: String) {
        stored[job]?.ended = how
        counts[how, default: 0] += 1
    }

    private mutating func finish(_ id: JobID, _ missing: [Int: InputError]) -> String? {
        guard let job = stored[id] else { return "\(id) was never there" }
        if let before = job.ended { return "\(id) completed after it was \(before)" }
        for (index, shard) in job.shards.enumerated() {
            if (shard.commit == nil) != (missing[index] != nil) { return "\(id) completed with \(missing)" }
            guard let commit = shard.commit else { continue }
            let result = result(of: LeaseID(job: id, shard: index, epoch: commit.epoch), commit.digest)
            if shard.challenge != nil { return "\(id)/\(index) was published while its dispute was open" }
            if convicted.contains(commit.author) { return "\(id)/\(index) is of a convicted worker" }
            guard job.wanted.contains(index), shard.verification != .skipped else { continue }
            if shard.verification == nil { return "\(id)/\(index) was to be verified" }
            if let liar = result?.liar, !isExcused(liar, in: shard, result) {
                return "\(id)/\(index) is verified and wrong"
            }
        }
        end(id, "completed")
        return nil
    }

    /// Whether nobody can see the lie: it is slight, and who confirmed it computes in another number system.
    private func isExcused(_ liar: Author, in shard: Stored, _ result: RunResult?) -> Bool {
        guard let result, result.isSlight else { return false }
        return workers.contains { worker in
            numberSystem(worker) != result.system && author(worker) != liar && shard.verifiers.contains(author(worker))
        }
    }

    private mutating func note(_ lease: LeaseID, to worker: InstanceID, _ purpose: Scheduler.Purpose) -> String? {
        let before = shard(lease)
        if stored[lease.job]?.ended != nil { return "\(lease) was given although the job is over" }
        if (before.commit != nil) != (purpose == .verification) {
            return "\(lease) was given for \(purpose) with \(before.commit == nil ? "no" : "a") result"
        }
        if isUnderWay(lease) { return "\(lease) given during its commit" }
        if lease.epoch <= before.epoch { return "\(lease) has an old epoch" }
        change(lease.job, lease.shard) { ($0.epoch, $0.holder) = (lease.epoch, worker) }
        given[worker, default: []].append(lease)
        counts[purpose.rawValue, default: 0] += 1
        if convicted.contains(author(worker)) { return "\(lease) was given to a convicted worker" }
        if let job = stored[lease.job], job.isPinned, job.numberSystem != numberSystem(worker) {
            return "\(lease) was given to a worker of another number system"
        }
        guard let wanted = slots[worker] else { return "\(lease) was given to a stranger" }
        if let held = scheduler.workers[worker]?.held.count, held > wanted {
            return "\(held) leases for \(wanted) slots"
        }
        return nil
    }

    /// Holds results against each other as the coordinator does; sometimes the store cannot be read.
    private mutating func compare(_ lease: LeaseID, from worker: InstanceID, challenger: Bool) -> String? {
        guard let arriving else { return "nothing to compare" }
        func verdict(_ other: Digest?) -> Scheduler.Comparison {
            agree(arriving.digest, other, about: lease).map { $0 ? .agrees : .differs("a digest") } ?? .unknown
        }
        let luck = Int.random(in: 0..<20, using: &random)
        let committed: Scheduler.Comparison =
            luck == 0 ? .unknown : luck == 1 ? .damaged : verdict(shard(lease).commit?.digest)
        let kept: Scheduler.Comparison =
            Int.random(in: 0..<20, using: &random) == 0 ? .unknown : verdict(shard(lease).challenge?.digest)
        let actions = scheduler.compared(
            lease, committed: committed, challenger: challenger ? kept : nil, from: worker, at: now)
        for action in actions {
            trail.append("    \(action)")
            if let broken = perform(action) { return broken }
        }
        return nil
    }
}
