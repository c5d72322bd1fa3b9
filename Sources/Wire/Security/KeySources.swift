import Foundation
import Inputs

/// What a coordinator needs to let in only those it knows.
public struct ServerKeys: Sendable, Hashable {
    public var own: SecretKey
    /// The file of the list of allowed keys; what changes in it counts at once.
    public var allowed: String

    /// Names the parts.
    public init(own: SecretKey, allowed: String) {
        self.own = own
        self.allowed = allowed
    }
}

/// What a worker or an operator needs to be let in, and to know that it speaks to the right coordinator.
public struct ClientKeys: Sendable, Hashable {
    public var own: KeyPair
    public var server: PublicKey

    /// Names the parts.
    public init(own: KeyPair, server: PublicKey) {
        self.own = own
        self.server = server
    }
}

/// Where keys come from: from the file that is named; else from the environment, the secret itself in
/// `ACTDIFF_SECRET_KEY` and the coordinator's public key in `ACTDIFF_SERVER_KEY`; else from the credentials that systemd
/// hands to a service (`LoadCredential=`).
public struct KeySources {
    private static let secretVariable = "ACTDIFF_SECRET_KEY"
    private static let serverVariable = "ACTDIFF_SERVER_KEY"
    /// What a child process that is to have no keys must not inherit.
    public static let variables = [secretVariable, serverVariable, "CREDENTIALS_DIRECTORY"]

    private let environment: [String: String]

    /// Looks into the process's own environment unless told another.
    public init(environment: [String: String] = ProcessInfo.processInfo.environment) {
        self.environment = environment
    }

    /// The coordinator's keys; nil where there are none. Throws `InputError` of kind `configuration` where one half is
    /// missing or one of them is not what it should be.
    public func server(key: String?, allowed: String?) throws -> ServerKeys? {
        let own = try secret(key, role: .coordinator)
        let list = allowed ?? credential("allowed.keys")
        switch (own, list) {
        case (nil, nil): return nil
        case (let own?, let list?): return ServerKeys(own: own, allowed: list)
        case (_?, nil):
            throw missing("a list of allowed keys beside the coordinator's key (--allowed, or allowed: in its file)")
        case (nil, _?):
            throw missing("the coordinator's key beside the list of allowed keys (--key or ACTDIFF_SECRET_KEY)")
        }
    }

    /// A client's keys; nil where there are none. Throws `InputError` of kind `configuration` where one half is missing
    /// or one of them is not what it should be.
    ///
    /// `serverKey` is a file or the 40 characters of the key.
    public func client(key: String?, serverKey: String?) throws -> ClientKeys? {
        let own = try secret(key)
        let server = try self.server(serverKey)
        switch (own, server) {
        case (nil, nil): return nil
        case (let own?, let server?):
            do {
                return ClientKeys(own: try KeyPair(own), server: server)
            } catch {
                throw InputError("libzmq", expected: "one with CURVE", found: "\(error)", kind: .configuration)
            }
        case (_?, nil):
            throw missing("the coordinator's public key beside the own one (--server-key or ACTDIFF_SERVER_KEY)")
        case (nil, _?): throw missing("an own key beside the coordinator's public one (--key, or key:)")
        }
    }

    private func secret(_ file: String?, role: KeyRole? = nil) throws -> SecretKey? {
        if let file { return try KeyFiles.secret(at: file, role: role) }
        if let text = environment[Self.secretVariable] {
            guard let key = SecretKey(text) else {
                throw InputError(
                    Self.secretVariable, expected: "a secret key of \(PublicKey.characterCount) characters of Z85",
                    found: "something else",
                    hint:
                        "the characters alone, as they stand in a .secret file after the role and the name; or name the file "
                        + "with --key", kind: .configuration)
            }
            return key
        }
        return try credential("actdiff.secret").map { try KeyFiles.secret(at: $0, role: role, isGuarded: true) }
    }

    private func server(_ fileOrKey: String?) throws -> PublicKey? {
        if let fileOrKey { return try Self.publicKey(fileOrKey) }
        if let fileOrKey = environment[Self.serverVariable] { return try Self.publicKey(fileOrKey) }
        return try credential("coordinator.public").map { try KeyFiles.coordinator(at: $0) }
    }

    private static func publicKey(_ fileOrKey: String) throws -> PublicKey {
        if !FileManager.default.fileExists(atPath: fileOrKey), let key = PublicKey(fileOrKey) { return key }
        return try KeyFiles.coordinator(at: fileOrKey)
    }

    /// A file among systemd's credentials, where it is there.
    private func credential(_ name: String) -> String? {
        guard let folder = environment["CREDENTIALS_DIRECTORY"] else { return nil }
        let path = folder + "/" + name
        return FileManager.default.fileExists(atPath: path) ? path : nil
    }

    private func missing(_ expected: String) -> InputError {
        InputError("keys", expected: expected, found: "none", hint: "actdiff keygen makes keys", kind: .configuration)
    }
}
