import CZeroMQ

/// A CURVE public key: 32 bytes, written as 40 characters of Z85.
public struct PublicKey: Sendable, Hashable, CustomStringConvertible {
    public static let characterCount = 40

    public let text: String

    /// Nil for anything but 40 characters of Z85 that stand for 32 bytes.
    public init?(_ text: String) {
        guard Z85.isKey(text) else { return nil }
        self.text = text
    }

    /// The key of 32 bytes.
    init?(bytes: [UInt8]) {
        guard let text = Z85.text(of: bytes) else { return nil }
        self.text = text
    }

    /// Enough to find the key by, in logs.
    public var beginning: String { String(text.prefix(8)) }

    public var description: String { text }
}

/// A CURVE secret key. It shows itself to nobody: not in a log, not in an error, not in a dump of what contains it.
public struct SecretKey: Sendable, Hashable, CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// 40 characters of Z85; for the key's file and for libzmq only.
    package let text: String

    /// Nil for anything but 40 characters of Z85 that stand for 32 bytes.
    public init?(_ text: String) {
        guard Z85.isKey(text) else { return nil }
        self.text = text
    }

    public var description: String { "(a secret key)" }
    public var debugDescription: String { description }
    public var customMirror: Mirror { Mirror(self, children: []) }
}

/// A secret key with its public half.
public struct KeyPair: Sendable, Hashable {
    public let secret: SecretKey
    public let publicKey: PublicKey

    /// Works out the public half. Throws `ZeroMQError` where libzmq was built without CURVE.
    public init(_ secret: SecretKey) throws(ZeroMQError) {
        var text = [CChar](repeating: 0, count: PublicKey.characterCount + 1)
        guard zmq_curve_public(&text, secret.text) == 0 else { throw ZeroMQError.last("public half of a key") }
        self.secret = secret
        publicKey = try Self.made(PublicKey(String(terminated: text)), "public half of a key")
    }

    /// A fresh pair. Throws `ZeroMQError` where libzmq was built without CURVE.
    public static func random() throws(ZeroMQError) -> KeyPair {
        var publicText = [CChar](repeating: 0, count: PublicKey.characterCount + 1)
        var secretText = publicText
        guard zmq_curve_keypair(&publicText, &secretText) == 0 else { throw ZeroMQError.last("new key pair") }
        return try KeyPair(made(SecretKey(String(terminated: secretText)), "new key pair"))
    }

    private static func made<Key>(_ key: Key?, _ what: String) throws(ZeroMQError) -> Key {
        guard let key else { throw ZeroMQError(what, code: EINVAL) }
        return key
    }
}

/// The text form of keys (ZeroMQ RFC 32): 4 bytes are 5 printable characters.
private enum Z85 {
    static func isKey(_ text: String) -> Bool {
        // No NUL: C would see a shorter text.
        guard text.utf8.count == PublicKey.characterCount, text.utf8.allSatisfy({ (33...126).contains($0) }) else {
            return false
        }
        var bytes = [UInt8](repeating: 0, count: 32)
        // Two texts of one key would be two names for it.
        return zmq_z85_decode(&bytes, text) != nil && self.text(of: bytes) == text
    }

    static func text(of bytes: [UInt8]) -> String? {
        var text = [CChar](repeating: 0, count: PublicKey.characterCount + 1)
        guard bytes.count == 32, zmq_z85_encode(&text, bytes, bytes.count) != nil else { return nil }
        return String(terminated: text)
    }
}
