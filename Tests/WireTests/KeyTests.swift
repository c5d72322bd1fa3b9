import Foundation
import Inputs
import TestSupport
import Testing
@testable import Wire

@Suite("Keys")
struct KeyTests {
    let ring: KeyRing

    init() throws { ring = try KeyRing() }

    private func error(_ body: () throws -> Void) throws -> String {
        try complaint(body).replacing(ring.folder + "/", with: "")
    }

    private func mode(_ path: String) throws -> mode_t {
        var status = stat()
        try #require(lstat(path, &status) == 0)
        return status.st_mode & 0o7777
    }

    @Test("A key is 40 characters of Z85 and nothing else")
    func form() throws {
        let text = ring.worker.publicKey.text
        #expect(PublicKey(text)?.text == text)
        // The example of RFC 32, 8 bytes, and texts that a key has not.
        for bad in ["HelloWorld", "", text + "0", String(text.dropLast()), String(repeating: "~", count: 40)] {
            #expect(PublicKey(bad) == nil)
            #expect(SecretKey(bad) == nil)
        }
        // 85^5 - 1 is more than four bytes hold.
        #expect(PublicKey(String(repeating: "#", count: 40)) == nil)
        #expect(PublicKey(bytes: [UInt8](repeating: 0, count: 32))?.text == String(repeating: "0", count: 40))
        #expect(PublicKey(bytes: [1, 2, 3]) == nil)
    }

    @Test("The public half is that of the secret half")
    func halves() throws {
        let pair = try KeyPair.random()
        #expect(try KeyPair(pair.secret) == pair)
        #expect(try KeyPair.random() != pair)
    }

    @Test("A secret key shows itself nowhere")
    func secrecy() throws {
        let secret = ring.worker.secret
        var options = SocketOptions()
        options.curve = .client(ring.client(ring.worker))
        var texts = ["\(secret)", String(reflecting: secret), "\(ring.worker)", String(reflecting: ring.server)]
        for value in [secret, ring.worker, ring.server, ring.client(ring.worker), options] as [Any] {
            var text = ""
            dump(value, to: &text)
            texts.append(text)
        }
        for text in texts {
            #expect(!text.contains(secret.text) && !text.contains(ring.coordinator.secret.text), "\(text)")
        }
        #expect("\(secret)" == "(a secret key)")
    }

    @Test("A pair is written as a secret for its owner alone and a public line, and read again")
    func files() throws {
        let paths = try KeyFiles.write(ring.worker, role: .worker, name: "node-7", folder: ring.folder)
        #expect(try mode(paths.secret) == 0o600)
        #expect(try mode(paths.publicKey) == 0o644)
        #expect(
            try String(contentsOfFile: paths.publicKey, encoding: .utf8)
                == "actdiff-key 1 worker node-7 \(ring.worker.publicKey.text)\n")
        #expect(try KeyFiles.secret(at: paths.secret) == ring.worker.secret)
        #expect(try KeyFiles.secret(at: paths.secret, role: .worker) == ring.worker.secret)
        #expect(
            try error { _ = try KeyFiles.secret(at: paths.secret, role: .coordinator) }
                == "node-7.secret: expected a coordinator's secret key, found a worker's")
        #expect(
            try error { _ = try KeyFiles.coordinator(at: paths.publicKey) }
                == "node-7.public: expected a coordinator's public key, found a worker's")
    }

    @Test("Keys are never overwritten, and no link is followed")
    func overwriting() throws {
        let paths = try KeyFiles.write(ring.worker, role: .worker, name: "w", folder: ring.folder)
        let before = try Data(contentsOf: URL(fileURLWithPath: paths.secret))
        let expected = """
            w.secret: expected a file that does not exist yet, found one that does
              hint: keys are never overwritten: choose another name or folder
            """
        #expect(
            try error { try KeyFiles.write(.random(), role: .worker, name: "w", folder: ring.folder) } == expected)
        #expect(try Data(contentsOf: URL(fileURLWithPath: paths.secret)) == before)
        try FileManager.default.removeItem(atPath: paths.secret)
        try FileManager.default.createSymbolicLink(
            atPath: paths.secret, withDestinationPath: ring.folder + "/elsewhere")
        #expect(
            try error { try KeyFiles.write(.random(), role: .worker, name: "w", folder: ring.folder) } == expected)
        #expect(!FileManager.default.fileExists(atPath: ring.folder + "/elsewhere"))
    }

    @Test("A file has just the mode that was asked for; where none can be made, another place must be named")
    func creating() throws {
        let path = ring.folder + "/list"
        try KeyFiles.create(path, mode: 0o666, "text\n")
        #expect(try mode(path) == 0o666)
        #expect(try String(contentsOfFile: path, encoding: .utf8) == "text\n")
        let lost = ring.folder + "/nowhere/list"
        let error = try #require(throws: InputError.self) { try KeyFiles.create(lost, mode: 0o600, "text\n") }
        #expect(error.place == lost && error.kind == .configuration)
        #expect(error.found == "No such file or directory")
    }

    @Test("A name that could leave the folder is refused", arguments: ["", "../w", "a/b", ".w", "a b", "é"])
    func names(name: String) throws {
        let error = try #require(throws: InputError.self) {
            try KeyFiles.write(.random(), role: .worker, name: name, folder: ring.folder)
        }
        #expect(error.kind == .usage)
        #expect(error.place == "'\(name)'")
    }

    @Test("A secret that others can read is refused, with its mode and what to do", arguments: [0o640, 0o604, 0o666])
    func openSecret(mode: mode_t) throws {
        let path = try KeyFiles.write(ring.worker, role: .worker, name: "w", folder: ring.folder).secret
        chmod(path, mode)
        #expect(
            try error { _ = try KeyFiles.secret(at: path) }
                == "w.secret: expected a secret that only its owner can read, mode 0600, found mode 0"
                + String(mode, radix: 8) + "\n  hint: chmod 600 w.secret")
        #expect(try KeyFiles.secret(at: path, isGuarded: true) == ring.worker.secret)
        let publicKey = path.replacingOccurrences(of: ".secret", with: ".public")
        #expect(
            try error { _ = try KeyFiles.secret(at: publicKey) }.contains(
                "found a public key\n  hint: name the .secret"))
    }

    @Test("What is no secret key is refused without being shown")
    func badSecrets() throws {
        func refusal(_ text: String) throws -> String {
            let path = try ring.write(text, to: "x.secret")
            chmod(path, 0o600)
            let text = try error { _ = try KeyFiles.secret(at: path) }
            #expect(!text.contains(ring.worker.secret.text.prefix(10)))
            return text
        }
        let key = ring.worker.secret.text
        let form = "'actdiff-secret 1 <role> <name> <key>'"
        #expect(try refusal("") == "x.secret: expected one key, found 0 lines")
        #expect(try refusal("\(key)\n") == "x.secret:1: expected \(form), found something else")
        #expect(
            try refusal("# c\nactdiff-key 1 worker w \(key)")
                == "x.secret:2: expected \(form), found a public key\n  hint: name the .secret file")
        #expect(
            try refusal("actdiff-secret 1 worker w \(key) \(key)")
                == "x.secret:1: expected \(form), 5 words, found 6 words")
        #expect(
            try refusal("actdiff-secret 2 worker w \(key)")
                == "x.secret:1: expected format version 1, found another version")
        #expect(
            try refusal("actdiff-secret 1 boss w \(key)")
                == "x.secret:1: expected one of the roles coordinator, worker, operator, found another word")
        #expect(
            try refusal("actdiff-secret 1 worker w \(key.dropLast())")
                == "x.secret:1: expected a key of 40 characters of Z85, found something else")
    }

    @Test("What is no list of allowed keys is refused with file and line")
    func badLists() throws {
        let worker = KeyFiles.publicLine(of: ring.worker.publicKey, role: .worker, name: "w")
        let other = KeyFiles.publicLine(of: ring.operator.publicKey, role: .operator, name: "o")
        func refusal(_ text: String) throws -> String {
            try ring.write(text, to: "allowed.keys")
            let ring = ring
            return try error { _ = try AllowedKeys(at: ring.allowed) }
        }
        #expect(try refusal("# nobody\n\n") == "allowed.keys: expected at least one allowed key, found none")
        #expect(
            try refusal(worker + other + worker)
                == "allowed.keys:3: expected every key once, found the key of line 1 again")
        #expect(
            try refusal(
                worker + KeyFiles.publicLine(of: ring.coordinator.publicKey, role: .coordinator, name: "c"))
                == "allowed.keys:2: expected the key of a worker or an operator, found that of a coordinator")
        let secret = "actdiff-secret 1 worker w \(ring.worker.secret.text)\n"
        #expect(
            try refusal(other + "# comment\n" + secret)
                == "allowed.keys:3: expected 'actdiff-key 1 <role> <name> <key>', found a secret key\n"
                + "  hint: name the .public file; a secret stays with its owner")
        #expect(try refusal(worker + "garbage\n").hasPrefix("allowed.keys:2: expected 'actdiff-key"))
        try FileManager.default.removeItem(atPath: ring.allowed)
        #expect(
            try error { _ = try AllowedKeys(at: ring.allowed) }
                == "allowed.keys: expected a readable file, found No such file or directory")
        #expect(try error { _ = try AllowedKeys(at: ring.folder) }.contains("expected a regular file"))
    }

    @Test("A list has comments, blank lines and any line ends")
    func list() throws {
        try ring.write(
            "# who\n\n" + KeyFiles.publicLine(of: ring.worker.publicKey, role: .worker, name: "w").dropLast() + "\r\n"
                + "  actdiff-key\t1 operator o \(ring.operator.publicKey)", to: "allowed.keys")
        let keys = try AllowedKeys(at: ring.allowed).principals
        #expect(keys.count == 2)
        #expect(keys[ring.worker.publicKey] == Principal(role: .worker, name: "w", key: ring.worker.publicKey))
        #expect(keys[ring.operator.publicKey]?.role == .operator)
    }

    @Test("A changed list is taken over when it has come to rest, and only then")
    func watching() throws {
        let list = try AllowList(at: ring.allowed)
        var watch = AllowListWatch(list)
        for _ in 0..<3 { try watch.look() }
        let third = try KeyPair.random()
        try ring.allow([(.worker, "third", third)])
        #expect(list.principal(of: third.publicKey) == nil)
        try watch.look()
        #expect(list.principal(of: ring.worker.publicKey) != nil, "it may still be being written")
        try watch.look()
        #expect(list.principal(of: ring.worker.publicKey) == nil)
        #expect(list.principal(of: third.publicKey)?.name == "third")

        // Nonsense, and a list that is gone, change nothing, and are told once.
        try ring.write("nonsense\n", to: "allowed.keys")
        try watch.look()
        #expect(throws: InputError.self) { try watch.look() }
        try watch.look()
        #expect(list.principal(of: third.publicKey) != nil)
        try FileManager.default.removeItem(atPath: ring.allowed)
        try watch.look()
        #expect(throws: InputError.self) { try watch.look() }
        #expect(list.principal(of: third.publicKey) != nil)
    }

    @Test("A list that cannot be read for a while is read when it can be: a revocation is never lost, and told once")
    func revocation() throws {
        let list = try AllowList(at: ring.allowed)
        let lacking = InputError("list", expected: "a file", found: "Too many open files", kind: .temporary)
        nonisolated(unsafe) var failures = 0
        var watch = AllowListWatch(list) { path in
            guard failures == 0 else {
                failures -= 1
                throw lacking
            }
            return try AllowedKeys(at: path)
        }
        for _ in 0..<3 { try watch.look() }
        try ring.allow([(.operator, "o", ring.operator)])
        failures = 3
        try watch.look()
        #expect(throws: lacking) { try watch.look() }
        for _ in 0..<2 { try watch.look() }
        #expect(failures == 0 && list.principal(of: ring.worker.publicKey) != nil)
        try watch.look()
        #expect(list.principal(of: ring.worker.publicKey) == nil)
        #expect(list.principal(of: ring.operator.publicKey) != nil)
    }

    @Test("A key that was added a moment ago is found when it is asked for, and takes nobody's rights away")
    func added() throws {
        let list = try AllowList(at: ring.allowed)
        var watch = AllowListWatch(list)
        for _ in 0..<2 { try watch.look() }
        let third = try KeyPair.random()
        #expect(watch.lookFor(third.publicKey) == nil)
        try ring.allow([(.worker, "third", third)])
        #expect(watch.lookFor(third.publicKey)?.name == "third")
        #expect(list.principal(of: third.publicKey)?.name == "third")
        #expect(list.principal(of: ring.worker.publicKey) != nil)
    }

    @Suite("Where they come from")
    struct Sources {
        let ring: KeyRing
        let secret: String
        let coordinator: String
        let publicKey: String

        init() throws {
            ring = try KeyRing()
            secret = try KeyFiles.write(ring.worker, role: .worker, name: "w", folder: ring.folder).secret
            let paths = try KeyFiles.write(ring.coordinator, role: .coordinator, name: "c", folder: ring.folder)
            (coordinator, publicKey) = paths
        }

        @Test("From the file that is named, else the variable, else systemd's credentials")
        func precedence() throws {
            let other = try KeyPair.random()
            let third = try KeyPair.random()
            var environment = ["CREDENTIALS_DIRECTORY": ring.folder]
            let guarded = try KeyFiles.write(third, role: .worker, name: "actdiff", folder: ring.folder).secret
            chmod(guarded, 0o444)
            try KeyFiles.write(ring.coordinator, role: .coordinator, name: "coordinator", folder: ring.folder)
            #expect(
                try KeySources(environment: environment).client(key: nil, serverKey: nil)
                    == ClientKeys(own: third, server: ring.coordinator.publicKey))
            environment["ACTDIFF_SECRET_KEY"] = other.secret.text
            environment["ACTDIFF_SERVER_KEY"] = third.publicKey.text
            #expect(
                try KeySources(environment: environment).client(key: nil, serverKey: nil)
                    == ClientKeys(own: other, server: third.publicKey))
            #expect(
                try KeySources(environment: environment).client(key: secret, serverKey: publicKey)
                    == ring.client(ring.worker))
            #expect(
                try KeySources(environment: environment).client(
                    key: secret, serverKey: ring.coordinator.publicKey.text) == ring.client(ring.worker))
        }

        @Test("None is none, and a half is refused")
        func halves() throws {
            let sources = KeySources(environment: [:])
            #expect(try sources.client(key: nil, serverKey: nil) == nil)
            #expect(try sources.server(key: nil, allowed: nil) == nil)
            #expect(try sources.server(key: coordinator, allowed: ring.allowed) == ring.server)
            let half = try #require(throws: InputError.self) { try sources.client(key: secret, serverKey: nil) }
            #expect(half.kind == .configuration)
            #expect(
                half.expected == "the coordinator's public key beside the own one (--server-key or ACTDIFF_SERVER_KEY)")
            #expect(throws: InputError.self) { try sources.client(key: nil, serverKey: publicKey) }
            #expect(throws: InputError.self) { try sources.server(key: coordinator, allowed: nil) }
            #expect(throws: InputError.self) { try sources.server(key: nil, allowed: ring.allowed) }
        }

        @Test("What is no key in a variable is refused without being shown")
        func badVariable() throws {
            let error = try #require(throws: InputError.self) {
                try KeySources(environment: ["ACTDIFF_SECRET_KEY": "hunter2"]).client(key: nil, serverKey: nil)
            }
            #expect(error.place == "ACTDIFF_SECRET_KEY")
            #expect(!"\(error)".contains("hunter2"))
        }
    }
}
