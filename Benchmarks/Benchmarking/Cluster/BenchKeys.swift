import Foundation
import Inputs
import Wire

/// Fresh keys for a coordinator, its operator and all its workers, in files as `actdiff keygen` writes them.
struct BenchKeys {
    let server: ServerKeys
    let operators: ClientKeys
    /// Files for the workers' process.
    let worker: WorkerKeyFiles

    /// Makes keys in a folder, which is made, too. Throws `InputError` or `ZeroMQError`.
    init(folder: String) throws {
        do {
            try FileManager.default.createDirectory(
                atPath: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        } catch {
            throw InputError(folder, expected: "a folder to make", found: error.localizedDescription)
        }
        let (coordinator, person, worker) = try (KeyPair.random(), KeyPair.random(), KeyPair.random())
        let files = try KeyFiles.write(coordinator, role: .coordinator, name: "coordinator", folder: folder)
        self.worker = WorkerKeyFiles(
            key: try KeyFiles.write(worker, role: .worker, name: "worker", folder: folder).secret,
            server: files.publicKey)
        let allowed = folder + "/allowed.keys"
        try KeyFiles.create(
            allowed, mode: 0o644,
            KeyFiles.publicLine(of: person.publicKey, role: .operator, name: "operator")
                + KeyFiles.publicLine(of: worker.publicKey, role: .worker, name: "worker"))
        server = ServerKeys(own: coordinator.secret, allowed: allowed)
        operators = ClientKeys(own: person, server: coordinator.publicKey)
    }
}

/// Where simulated workers find their keys.
public struct WorkerKeyFiles: Sendable, Hashable {
    /// The workers' secret key.
    public var key: String
    /// The coordinator's public key.
    public var server: String
}
