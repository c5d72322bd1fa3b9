import Inputs

extension Lease {
    func write(to writer: inout ByteWriter) throws {
        try id.write(to: &writer, "lease.id")
        try writer.seconds(seconds, "lease.seconds")
        try writer.integer(tokens, "lease.tokens", limit: WireLimits.tokens)
        taskDigest.write(to: &writer)
        try writer.optional(task) { try $1.write(to: &$0, "lease.task", limit: WireLimits.taskBytes) }
        try shard.write(to: &writer, "lease.shard", limit: WireLimits.shardBytes)
    }

    init(from reader: inout ByteReader) throws {
        id = try LeaseID(from: &reader, "lease.id")
        seconds = try reader.seconds("lease.seconds")
        tokens = try reader.integer("lease.tokens", limit: WireLimits.tokens)
        taskDigest = try Digest(from: &reader, "lease.taskDigest")
        task = try reader.optional("lease.task") {
            try Payload(from: &$0, "lease.task", limit: WireLimits.taskBytes)
        }
        shard = try Payload(from: &reader, "lease.shard", limit: WireLimits.shardBytes)
        if let task, task.digest != taskDigest {
            throw ByteError("lease.task", expected: "a task with digest \(taskDigest)", found: "\(task.digest)")
        }
    }
}

extension Payload {
    package func write(to writer: inout ByteWriter, _ what: String, limit: Int) throws {
        try writer.string(kind, "\(what).kind", limit: WireLimits.nameBytes)
        writer.fixed(version)
        try writer.array(bytes, "\(what).bytes", limit: limit)
    }

    package init(from reader: inout ByteReader, _ what: String, limit: Int) throws {
        let kind = try reader.string("\(what).kind", limit: WireLimits.nameBytes)
        let version: UInt16 = try reader.fixed("\(what).version")
        self.init(kind: kind, version: version, bytes: try reader.array("\(what).bytes", limit: limit))
    }
}
