import Foundation
import Testing

extension ProcessTests {
    /// A cluster with keys, as real processes: who gets in, who does not, and what is said about it.
    @Suite struct Strangers {
        let place: Workplace

        init() throws {
            place = try Workplace()
            #expect(try place.actdiff("keygen").status == 0)
        }

        private var operatorKeys: [String] {
            ["--key", "keys/operator.secret", "--server-key", "keys/coordinator.public"]
        }

        private var workerKeys: [String] {
            ["--key", "keys/worker.secret", "--server-key", "keys/coordinator.public"]
        }

        private func cluster() throws -> TinyCluster {
            try TinyCluster(
                in: place, coordinatorOptions: ["--key", "keys/coordinator.secret", "--allowed", "keys/allowed.keys"])
        }

        private func worker(of cluster: TinyCluster, _ keys: [String]) throws -> ChildProcess {
            try place.start(
                ["worker", "--connect", cluster.control, "--data", cluster.data, "--model-root", Workplace.fixtures]
                    + ["--threads", "1"] + keys, log: "debug")
        }

        private func ask(_ cluster: TinyCluster, _ arguments: [String], _ keys: [String]) throws -> ChildProcess.Ending
        {
            try place.start(arguments + ["--connect", cluster.control] + keys).end()
        }

        /// The text of every secret key in the workplace.
        private func secrets() throws -> [String] {
            try place.contents.filter { $0.hasSuffix(".secret") }.map { name in
                let text = try String(contentsOfFile: place.path + "/" + name, encoding: .utf8)
                return try #require(text.split(whereSeparator: \.isWhitespace).last.map(String.init))
            }
        }

        @Test("with keys a job runs as without them, and no secret key is ever written anywhere")
        func job() throws {
            let job = try place.write(TinyJob().yaml, to: "job.yaml")
            #expect(try place.actdiff("run", job, "--out", "reference").status == 0)
            let cluster = try cluster()
            let worker = try worker(of: cluster, workerKeys)
            let submit = try ask(cluster, ["submit", job, "--watch", "--out", "out"], operatorKeys)
            #expect(submit.status == 0, "\(submit.errors)")
            try expectSameBundle(place.path + "/reference", place.path + "/out")
            worker.signal(SIGTERM)
            cluster.coordinator.signal(SIGTERM)
            let ends = [submit, try worker.end(), try cluster.coordinator.end()]
            #expect(ends.allSatisfy { $0.status == 0 })
            let secrets = try secrets()
            #expect(secrets.count == 3 && secrets.allSatisfy { $0.utf8.count == 40 })
            for secret in secrets {
                for end in ends { #expect(!end.errors.contains(secret) && !end.output.contains(secret)) }
                for name in try place.contents where !name.hasSuffix(".secret") {
                    let data = FileManager.default.contents(atPath: place.path + "/" + name) ?? Data()
                    #expect(data.firstRange(of: Data(secret.utf8)) == nil, "\(name)")
                }
            }
        }

        @Test("no key, an unknown key, another coordinator's key: exit status 77, and the coordinator logs and counts")
        func strangers() throws {
            let cluster = try cluster()
            #expect(try place.actdiff("keygen", "stranger", "--role", "operator").status == 0)
            #expect(try place.actdiff("keygen", "other", "--role", "coordinator").status == 0)

            let bare = try ask(cluster, ["jobs"], [])
            #expect(bare.status == 77)
            #expect(bare.errors.contains("expected a coordinator without keys, found one that demands keys"))
            _ = try cluster.coordinator.line(with: "refused a stranger at ", "with no key that fits")

            let unknown = try ask(
                cluster, ["jobs"], ["--key", "keys/stranger.secret", "--server-key", "keys/coordinator.public"])
            #expect(unknown.status == 77)
            #expect(
                unknown.errors.contains("expected a key that the coordinator allows, found one that it does not know"))
            _ = try cluster.coordinator.line(with: "refused a stranger at 127.0.0.1 with key ", "(number ")

            let wrong = try ask(
                cluster, ["jobs"], ["--key", "keys/operator.secret", "--server-key", "keys/other.public"])
            #expect(wrong.status == 77)
            #expect(wrong.errors.contains("hint: is the server key that of this coordinator?"))

            let worker = try worker(of: cluster, ["--key", "keys/stranger.secret"] + workerKeys.suffix(2)).end()
            #expect(worker.status == 77)
            #expect(worker.errors.contains("hint: add the public line of this key to the coordinator's list"))
            let bareWorker = try self.worker(of: cluster, []).end()
            #expect(bareWorker.status == 77)
            #expect(bareWorker.errors.contains("found one that demands keys"))

            // The key is added to the list of the coordinator that runs, and counts at once.
            let line = try String(contentsOfFile: place.path + "/keys/stranger.public", encoding: .utf8)
            let list = try String(contentsOfFile: place.path + "/keys/allowed.keys", encoding: .utf8)
            try place.write(list + line, to: "keys/allowed.keys")
            let added = try ask(
                cluster, ["jobs"], ["--key", "keys/stranger.secret", "--server-key", "keys/coordinator.public"])
            #expect(added.status == 0, "\(added.errors)")
        }

        @Test("a worker's key gives no operator's rights, and an operator's key no worker's")
        func roles() throws {
            let cluster = try cluster()
            let job = try place.write(TinyJob().yaml, to: "job.yaml")
            #expect(try ask(cluster, ["submit", job], operatorKeys).status == 0)
            let commands = [
                ["submit", job], ["jobs"], ["workers"], ["show", "tiny-1"], ["watch", "tiny-1"], ["cancel", "tiny-1"],
                ["retry", "tiny-1"], ["story", "tiny-1", "0"], ["results", "tiny-1", "--save", "out"],
            ]
            for command in commands {
                let end = try ask(cluster, command, workerKeys)
                #expect(end.status == 77, "\(command): \(end.errors)")
                #expect(end.errors.contains("expected an operator's key for this (request), found that of the worker"))
                #expect(end.output == "")
            }
            _ = try cluster.coordinator.line(with: "refused request of worker worker", "(number \(commands.count))")
            let worker = try worker(of: cluster, operatorKeys).end()
            #expect(worker.status == 77)
            #expect(worker.errors.contains("expected a worker's key for this (hello), found that of the operator"))
            _ = try cluster.coordinator.line(with: "refused hello of operator operator")
            #expect(try ask(cluster, ["show", "tiny-1"], operatorKeys).output.contains("state   running\n"))
            #expect(try ask(cluster, ["workers"], operatorKeys).output == "")
        }

        @Test("a key that is taken off the list: its worker is sent away in the middle of a job")
        func removed() throws {
            let cluster = try cluster()
            let worker = try worker(of: cluster, workerKeys)
            _ = try worker.line(with: "[Cluster] welcome")
            let list = try String(contentsOfFile: place.path + "/keys/allowed.keys", encoding: .utf8)
            try place.write(
                list.split(separator: "\n").filter { !$0.contains(" worker ") }.joined(separator: "\n"),
                to: "keys/allowed.keys")
            let end = try worker.end()
            #expect(end.status == 77)
            #expect(end.errors.contains("found one that is not allowed any more"))
            _ = try cluster.coordinator.line(with: "of the removed key ")
        }

        @Test("keys from the environment, and from systemd's credentials")
        func environment() throws {
            let cluster = try cluster()
            let secret = try #require(
                try String(contentsOfFile: place.path + "/keys/operator.secret", encoding: .utf8)
                    .split(whereSeparator: \.isWhitespace).last.map(String.init))
            let publicFile = place.path + "/keys/coordinator.public"
            let key = try #require(
                try String(contentsOfFile: publicFile, encoding: .utf8).split(whereSeparator: \.isWhitespace).last
                    .map(String.init))
            let fromVariables = try place.start(
                ["jobs", "--connect", cluster.control],
                environment: ["ACTDIFF_SECRET_KEY": secret, "ACTDIFF_SERVER_KEY": key]
            ).end()
            #expect(fromVariables.status == 0, "\(fromVariables.errors)")
            let credentials = place.path + "/credentials"
            try FileManager.default.createDirectory(atPath: credentials, withIntermediateDirectories: true)
            try FileManager.default.copyItem(
                atPath: place.path + "/keys/operator.secret", toPath: credentials + "/actdiff.secret")
            try FileManager.default.copyItem(atPath: publicFile, toPath: credentials + "/coordinator.public")
            chmod(credentials + "/actdiff.secret", 0o440)
            let fromCredentials = try place.start(
                ["jobs", "--connect", cluster.control], environment: ["CREDENTIALS_DIRECTORY": credentials]
            ).end()
            #expect(fromCredentials.status == 0, "\(fromCredentials.errors)")
            // `run` has a coordinator of its own, without keys, whatever stands in the environment.
            let job = try place.write(TinyJob().yaml, to: "job.yaml")
            let run = try place.start(
                ["run", job, "--out", "out"], environment: ["ACTDIFF_SECRET_KEY": secret, "ACTDIFF_SERVER_KEY": key]
            ).end()
            #expect(run.status == 0, "\(run.errors)")
        }

        @Test("what a job names outside the coordinator's model roots is not read")
        func roots() throws {
            let cluster = try TinyCluster(
                in: place, coordinatorOptions: ["--model-root", Workplace.fixtures])
            var job = TinyJob()
            job.prompts = try place.write("a secret of the coordinator's user\n", to: "secret.txt")
            let file = try place.write(job.yaml, to: "job.yaml")
            let end = try ask(cluster, ["submit", file, "--watch", "--out", "out"], [])
            #expect(end.status == 78)
            #expect(
                end.errors.contains("secret.txt: expected a path below one of the coordinator's model roots ("))
            #expect(end.errors.contains("found one outside them"))
        }
    }

    /// `actdiff keygen` and what becomes of files of keys.
    @Suite struct Keygen {
        let place: Workplace

        init() throws { place = try Workplace() }

        private func mode(_ name: String) throws -> mode_t {
            var status = stat()
            try #require(lstat(place.path + "/" + name, &status) == 0)
            return status.st_mode & 0o7777
        }

        @Test("keygen makes three pairs and a list; secrets are for their owner alone, whatever the umask")
        func cluster() throws {
            let end = try place.actdiff("keygen", "--folder", "deep/keys")
            #expect(end.status == 0, "\(end.errors)")
            let names = ["coordinator", "operator", "worker"]
            #expect(
                try FileManager.default.contentsOfDirectory(atPath: place.path + "/deep/keys").sorted()
                    == (["allowed.keys"] + names.flatMap { ["\($0).public", "\($0).secret"] }).sorted())
            for name in names {
                #expect(try mode("deep/keys/\(name).secret") == 0o600)
                let line = try String(contentsOfFile: place.path + "/deep/keys/\(name).public", encoding: .utf8)
                #expect(line.hasPrefix("actdiff-key 1 \(name) \(name) ") && line.split(separator: "\n").count == 1)
            }
            #expect(try mode("deep/keys") == 0o700)
            let lines = end.output.split(separator: "\n")
            #expect(lines.count == 7 && lines.allSatisfy { $0.hasPrefix("deep/keys/") }, "paths and nothing else")
            let before = try place.contents
            let again = try place.actdiff("keygen", "--folder", "deep/keys")
            #expect(again.status == 64)
            #expect(again.errors.contains("expected a file that does not exist yet, found one that does"))
            #expect(try place.contents == before)
        }

        @Test("names and roles that are none are usage errors")
        func usage() throws {
            for (arguments, text) in [
                (["keygen", "../x", "--role", "worker"], "expected a name of 1 to 64 letters"),
                (["keygen", "x"], "a NAME needs a --role"), (["keygen", "--role", "worker"], "a NAME needs a --role"),
                (["keygen", "x", "--role", "boss"], "The value 'boss' is invalid"),
            ] {
                let end = try place.start(arguments).end()
                #expect(end.status == 64, "\(arguments)")
                #expect(end.errors.contains(text), "\(end.errors)")
                #expect(try place.contents.filter { $0.hasSuffix(".secret") } == [])
            }
        }

        @Test("a secret that others can read, half a set of keys, a public key in place of a secret: status 78")
        func badFiles() throws {
            #expect(try place.actdiff("keygen").status == 0)
            func refusal(_ arguments: String...) throws -> String {
                let end = try place.start(arguments).end()
                #expect(end.status == 78, "\(arguments): \(end.errors)")
                return end.errors
            }
            let server = ["--server-key", "keys/coordinator.public"]
            chmod(place.path + "/keys/worker.secret", 0o644)
            let open = try refusal("jobs", "--key", "keys/worker.secret", server[0], server[1])
            #expect(
                open.contains(
                    "keys/worker.secret: expected a secret that only its owner can read, mode 0600, found mode 0644"))
            #expect(open.contains("hint: chmod 600 keys/worker.secret"))
            #expect(
                try refusal("jobs", "--key", "keys/operator.secret").contains("the coordinator's public key beside"))
            #expect(try refusal("jobs", server[0], server[1]).contains("an own key beside the coordinator's"))
            chmod(place.path + "/keys/operator.public", 0o600)
            #expect(
                try refusal("jobs", "--key", "keys/operator.public", server[0], server[1])
                    .contains("found a public key\n  hint: name the .secret file"))
            #expect(
                try refusal("jobs", "--key", "keys/operator.secret", "--server-key", "keys/worker.public")
                    .contains("expected a coordinator's public key, found a worker's"))
            #expect(
                try refusal(
                    "coordinator", "--state", "s", "--key", "keys/operator.secret", "--allowed", "keys/allowed.keys"
                )
                .contains("expected a coordinator's secret key, found an operator's"))
            #expect(
                try refusal("coordinator", "--state", "s", "--key", "keys/coordinator.secret")
                    .contains("a list of allowed keys beside the coordinator's key"))
            #expect(
                try refusal(
                    "coordinator", "--state", "s", "--listen", "tcp://127.0.0.1:*", "--data", "tcp://127.0.0.1:*",
                    "--http",
                    "off", "--key", "keys/coordinator.secret", "--allowed", "keys/coordinator.public"
                )
                .contains("keys/coordinator.public:1: expected the key of a worker or an operator"))
            #expect(try refusal("jobs", "--connect", "tcp://192.0.2.1:5611").contains("expected keys, or a loopback"))
            #expect(
                try refusal("worker", "--model-root", ".", "--connect", "tcp://192.0.2.1:5611")
                    .contains("expected keys, or a loopback endpoint"))
        }
    }
}
