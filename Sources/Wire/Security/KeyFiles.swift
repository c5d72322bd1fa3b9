import Foundation
import Inputs

/// Files of keys: `NAME.secret`, for its owner alone, and `NAME.public`, a line for lists of allowed keys.
public enum KeyFiles {
    /// Reads a secret key. Throws `InputError` of kind `configuration`: for what is no secret key, one of another role
    /// where `role` is given, and one that other users could read or that is theirs.
    ///
    /// `isGuarded` says that something else keeps others away, as systemd does with credentials.
    public static func secret(at path: String, role: KeyRole? = nil, isGuarded: Bool = false) throws -> SecretKey {
        let file = try SmallFile(path)
        // First what it is: a public key is not to be made private.
        let line = try only(file, tag: KeyLine.secretTag)
        if !isGuarded { try checkOwner(file) }
        if let role, line.role != role {
            throw InputError(
                path, expected: "\(role.owner) secret key", found: "\(line.role.owner)",
                kind: .configuration)
        }
        guard let key = SecretKey(line.key) else {
            throw InputError(path, expected: "a secret key", found: "something else", kind: .configuration)
        }
        return key
    }

    /// Reads the coordinator's public key. Throws `InputError` of kind `configuration`.
    public static func coordinator(at path: String) throws -> PublicKey {
        let line = try only(try SmallFile(path), tag: KeyLine.publicTag)
        guard line.role == .coordinator, let key = PublicKey(line.key) else {
            throw InputError(
                path, expected: "a coordinator's public key", found: "\(line.role.owner)",
                kind: .configuration)
        }
        return key
    }

    /// The line for lists of allowed keys.
    public static func publicLine(of key: PublicKey, role: KeyRole, name: String) -> String {
        KeyLine.text(tag: KeyLine.publicTag, role: role, name: name, key: key.text)
    }

    /// Writes both files of a pair; returns their paths. Throws `InputError`, of kind `usage` where one of them exists:
    /// a key is never overwritten, since nobody could get it back.
    @discardableResult
    public static func write(_ pair: KeyPair, role: KeyRole, name: String, folder: String) throws -> (
        secret: String, publicKey: String
    ) {
        guard KeyLine.isName(name) else {
            throw InputError(
                "'\(name)'", expected: "a name of 1 to 64 letters, digits, '.', '_' and '-', no dot in front",
                found: "another one", kind: .usage)
        }
        let paths = (secret: "\(folder)/\(name).secret", publicKey: "\(folder)/\(name).public")
        for path in [paths.secret, paths.publicKey] { try refuseExisting(path) }
        let secret = """
            # The secret key of the \(role.rawValue) '\(name)': whoever reads it can take its place.
            \(KeyLine.text(tag: KeyLine.secretTag, role: role, name: name, key: pair.secret.text))
            """
        try create(paths.secret, mode: 0o600, secret)
        try create(paths.publicKey, mode: 0o644, publicLine(of: pair.publicKey, role: role, name: name))
        return paths
    }

    /// Throws `InputError` of kind `usage` where there is something at a path.
    public static func refuseExisting(_ path: String) throws {
        var status = stat()
        guard lstat(path, &status) == 0 else { return }
        throw existing(path)
    }

    /// Makes a file that does not exist yet, with exactly this mode from its first moment; it is on the disk on return.
    /// Throws `InputError`: of kind `usage` where there is something at the path, `configuration` where no file can be made.
    public static func create(_ path: String, mode: mode_t, _ text: String) throws {
        try refuseExisting(path)
        do {
            let file = try NewFile(path, place: path, mode: mode)
            do {
                try file.append(Array(text.utf8))
                try file.finish()
                try AtomicFile.sync(folder: URL(filePath: path).deletingLastPathComponent().path(percentEncoded: false))
            } catch {
                unlink(path)
                throw error
            }
        } catch var error as InputError {
            // A key is made by a person, who is to name another folder: trying again helps nobody.
            error.kind = .configuration
            throw error
        }
    }

    private static func only(_ file: SmallFile, tag: String) throws -> KeyLine {
        let lines = file.lines
        guard let line = lines.first, lines.count == 1 else {
            throw InputError(file.path, expected: "one key", found: "\(lines.count) lines", kind: .configuration)
        }
        return try KeyLine(line.words, tag: tag, place: "\(file.path):\(line.number)")
    }

    private static func checkOwner(_ file: SmallFile) throws {
        let mode = file.status.st_mode & 0o7777
        guard mode & 0o077 == 0 else {
            throw InputError(
                file.path, expected: "a secret that only its owner can read, mode 0600",
                found: "mode 0\(String(mode, radix: 8))", hint: "chmod 600 \(file.path)", kind: .configuration)
        }
        let owner = file.status.st_uid
        guard owner == geteuid() || owner == 0 else {
            throw InputError(
                file.path, expected: "a file of this user (\(geteuid())) or root", found: "one of user \(owner)",
                kind: .configuration)
        }
    }

    private static func existing(_ path: String) -> InputError {
        InputError(
            path, expected: "a file that does not exist yet", found: "one that does",
            hint: "keys are never overwritten: choose another name or folder", kind: .usage)
    }
}
