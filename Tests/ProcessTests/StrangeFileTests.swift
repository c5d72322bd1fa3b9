import Foundation
import TestSupport
import Testing

extension ProcessTests {
    /// Files that are none, and folders that are made of links.
    @Suite struct StrangeFiles {
        let place: Workplace

        init() throws { place = try Workplace() }

        @Test("a job file, a configuration or a key that is a pipe is refused at once") func pipes() throws {
            let pipe = place.path + "/pipe.yaml"
            #expect(mkfifo(pipe, 0o600) == 0)
            let commands = [
                ["run", pipe, "--out", "out"], ["submit", pipe], ["coordinator", "--config", pipe],
                ["worker", "--config", pipe],
            ]
            for command in commands {
                let end = try place.start(command).end(patience: 60)
                // A configuration is how the program is set up, and no data.
                let status: Int32 = command.contains("--config") ? 78 : 65
                #expect(end.status == status && !end.bySignal, "\(command): \(end.errors)")
                #expect(end.errors.contains("pipe.yaml: expected a regular file, found a pipe (FIFO)"))
                #expect(
                    end.errors.contains("hint: pipes, such as <(…) and /dev/stdin, sockets and devices are not read"))
            }
            // The tests' children read from /dev/null.
            let end = try place.start(["run", "/dev/stdin", "--out", "out"]).end(patience: 60)
            #expect(end.status == 65 && end.errors.contains("expected a regular file, found a device"))
            #expect(try place.contents == ["pipe.yaml"])
        }

        @Test("a run reads models that are links to blobs elsewhere, as in the Hugging Face cache") func links() throws
        {
            let blobs = place.path + "/blobs"
            try FileManager.default.createDirectory(atPath: blobs, withIntermediateDirectories: true)
            var job = TinyJob()
            let adapter = try place.copy("adapter")
            job.base = try place.copy("base")
            job.tuned = ["{name: adapted, adapter: \(adapter)}"]
            for folder in [job.base, adapter] {
                for name in try FileManager.default.contentsOfDirectory(atPath: folder) {
                    let blob = UUID().uuidString
                    try FileManager.default.moveItem(atPath: "\(folder)/\(name)", toPath: "\(blobs)/\(blob)")
                    try FileManager.default.createSymbolicLink(
                        atPath: "\(folder)/\(name)", withDestinationPath: "../blobs/\(blob)")
                }
            }
            let file = try place.write(job.yaml, to: "job.yaml")
            let end = try place.actdiff("run", file, "--out", "out")
            #expect(end.status == 0, "\(end.errors)")
        }
    }
}
