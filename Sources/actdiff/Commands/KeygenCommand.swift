import ArgumentParser
import Foundation
import Inputs
import Wire

/// `actdiff keygen`: makes keys.
struct KeygenCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "keygen",
        abstract: "Makes the keys of a cluster, or of one more worker or operator.",
        discussion: """
            Without a name: a pair each for the coordinator, a worker and an operator, and the list of those that the \
            coordinator allows. With a name: one more pair. NAME.secret is for its owner alone; NAME.public is a line \
            for the coordinator's list. Nothing is ever overwritten.

            EXAMPLES
              actdiff keygen --folder keys
              actdiff keygen node7 --role worker --folder keys
              cat keys/node7.public >> keys/allowed.keys
            """)

    @Argument(help: "Names the pair and its files.")
    var name: String?
    @Option(help: "worker, operator or coordinator.")
    var role: KeyRole?
    @Option(help: "Where the files go; made where it is not there.", completion: .directory)
    var folder = "keys"

    func validate() throws {
        guard (name == nil) == (role == nil) else {
            throw ValidationError("a NAME needs a --role, and a --role a NAME")
        }
    }

    func run() throws {
        try makeFolder()
        if let name, let role {
            let paths = try KeyFiles.write(Self.pair(), role: role, name: name, folder: folder)
            try Terminal.print(paths.secret)
            try Terminal.print(paths.publicKey)
        } else {
            try makeCluster()
        }
    }

    private func makeCluster() throws {
        let list = "\(folder)/allowed.keys"
        // Nothing is made where something is in the way.
        for name in KeyRole.allCases.flatMap({ ["\($0.rawValue).secret", "\($0.rawValue).public"] }) + ["allowed.keys"]
        {
            try KeyFiles.refuseExisting("\(folder)/\(name)")
        }
        var lines = "# Whose keys the coordinator lets in: a line of a .public file each. Changes count at once.\n"
        for role in KeyRole.allCases {
            let pair = try Self.pair()
            let paths = try KeyFiles.write(pair, role: role, name: role.rawValue, folder: folder)
            try Terminal.print(paths.secret)
            try Terminal.print(paths.publicKey)
            if role != .coordinator {
                lines += KeyFiles.publicLine(of: pair.publicKey, role: role, name: role.rawValue)
            }
        }
        try KeyFiles.create(list, mode: 0o644, lines)
        try Terminal.print(list)
    }

    private static func pair() throws -> KeyPair {
        do {
            return try KeyPair.random()
        } catch {
            throw InputError("libzmq", expected: "one with CURVE", found: "\(error)", kind: .configuration)
        }
    }

    private func makeFolder() throws {
        do {
            try FileManager.default.createDirectory(
                atPath: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        } catch {
            throw InputError(
                folder, expected: "a folder that can be made", found: error.localizedDescription, kind: .configuration)
        }
    }
}

extension KeyRole: ExpressibleByArgument {}
