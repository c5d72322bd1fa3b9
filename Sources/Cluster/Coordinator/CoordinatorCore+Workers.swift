import Foundation
import Inputs
import Wire

extension CoordinatorCore {
    /// A worker says who it is.
    func greet(_ hello: WorkerHello, from inbound: Inbound, at: Double) {
        let (peer, key) = (inbound.peer, inbound.principal?.key)
        guard hello.build == build else {
            let error = InputError(
                "the worker on \(hello.host)", expected: "version \(build), the coordinator's", found: hello.build,
                hint: "run the same release of actdiff everywhere", kind: .configuration)
            logOfWorker(
                .warning, "refused", Sender(key, peer),
                ["worker": "\(hello.host):\(hello.processID)", "build": "\(hello.build)"])
            return send(.refused(error), to: peer)
        }
        let before = connections[hello.instance]
        if let before {
            guard before.key == key else { return refuseForeign(hello.instance, inbound) }
            workers[before.control] = nil
        }
        var connection = WorkerConnection(hello: hello, control: peer, key: key, window: config.creditBytes)
        workers[peer] = hello.instance
        send(.welcome(name: connection.name, leaseSeconds: config.leaseSeconds, instance: hello.instance), to: peer)
        credit.release(hello.instance)
        if let data = attached.first(where: { $0.value.instance == hello.instance && $0.value.key == key })?.key {
            send(.credit(bytes: connection.attach(data)), to: data)
        }
        connections[hello.instance] = connection
        // A worker greets again and again until it is answered: that is one welcome.
        logOfWorker(
            before?.control == peer ? .debug : .info, "welcome", Sender(key, peer),
            [
                "worker": "\(connection.name)", "threads": "\(hello.threads)", "holds": "\(hello.held.count)",
                "numberSystem": "\(hello.numberSystem)", "slurm": "\(hello.slurmJob ?? "-")",
                "key": "\(inbound.principal?.name ?? "-")",
            ])
        let actions = scheduler.workerHello(
            hello.instance, key: key, name: connection.name, numberSystem: hello.numberSystem, holding: hello.held,
            at: at)
        perform(actions)
    }

    /// A data connection says whose it is; results on their way begin anew.
    func attach(_ instance: InstanceID, _ inbound: Inbound, at: Double) {
        let (peer, key) = (inbound.peer, inbound.principal?.key)
        if let connection = connections[instance], connection.key != key { return refuseForeign(instance, inbound) }
        for (other, claim) in attached where claim.instance == instance && claim.key == key && other != peer {
            attached[other] = nil
        }
        attached[peer] = (instance, key, at)
        credit.release(instance)
        guard let bytes = connections[instance]?.attach(peer) else { return }
        send(.credit(bytes: bytes), to: peer)
    }

    /// A worker's life belongs to the key that it first came with, so that nobody takes another worker's place.
    private func refuseForeign(_ instance: InstanceID, _ inbound: Inbound) {
        let found = inbound.principal.map { "\($0)" } ?? "nobody"
        logOfWorker(
            .warning, "refused the place of another worker", Sender(inbound.principal?.key, inbound.peer),
            ["from": "\(found)", "peer": "\(inbound.peer)"])
        metrics.authFailures[.wrongRole].add()
        guard inbound.peer.channel == .control else { return }
        let error = InputError(
            "the worker", expected: "the key that this worker came with at first", found: found, kind: .authentication)
        send(.refused(error), to: inbound.peer)
    }

    /// What a worker that is known says on its control connection.
    func handle(_ message: MessageToCoordinator, of worker: InstanceID, at: Double) {
        switch message {
        case .renew(let slots, let renewals, let tasks):
            connections[worker]?.tasks = Set(tasks)
            if let control = connections[worker]?.control { send(.heard, to: control) }
            if freedAt[worker] == nil { freedAt[worker] = at }
            perform(scheduler.renew(worker, slots: slots, renewals, at: at))
        case .handBack(let leases, let reason):
            takeBack(leases, reason, of: worker, at: at)
        case .failed(let lease, let error, let cause):
            takeFailure(lease, error, cause, of: worker, at: at)
        case .goodbye:
            if let connection = connections[worker] {
                logOfWorker(
                    .info, "goodbye", Sender(connection.key, connection.control), ["worker": "\(connection.name)"])
            }
            let actions = scheduler.workerLeft(worker, at: at)
            forget(worker)
            perform(actions)
        case .hello, .attach, .part, .request:
            break
        }
    }

    /// A worker process on this machine is dead.
    func workerDied(_ processID: Int) {
        let host = ProcessInfo.processInfo.hostName
        for (instance, connection) in connections
        where connection.hello.processID == processID && connection.hello.host == host {
            perform(scheduler.workerGone(instance, at: now))
        }
    }

    /// Asks a worker to introduce itself and to send its results again.
    func askWho(_ worker: InstanceID) {
        if let connection = connections[worker] { ask(connection.control, at: now) }
    }

    func forget(_ worker: InstanceID) {
        credit.release(worker)
        freedAt[worker] = nil
        guard let connection = connections.removeValue(forKey: worker) else { return }
        workers[connection.control] = nil
        if let data = connection.data { attached[data] = nil }
    }
}
