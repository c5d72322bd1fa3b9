import Inputs

extension MessageToCoordinator {
    /// The byte that tells messages to the coordinator apart; those from the coordinator begin at 0x81.
    private enum Kind: UInt8 {
        case hello = 0x01
        case renew = 0x02
        case handBack = 0x03
        case failed = 0x04
        case goodbye = 0x05
        case attach = 0x06
        case part = 0x07
        case request = 0x08
    }

    /// What it is called in logs, such as `part`.
    var name: String { "\(kind)" }

    private var kind: Kind {
        switch self {
        case .hello: .hello
        case .renew: .renew
        case .handBack: .handBack
        case .failed: .failed
        case .goodbye: .goodbye
        case .attach: .attach
        case .part: .part
        case .request: .request
        }
    }

    /// The message as bytes. Throws `ByteError` where it is past one of `WireLimits`.
    public func encoded() throws -> [UInt8] {
        var writer = ByteWriter(reserving: MessageHeader.byteCount)
        MessageHeader.write(kind: kind.rawValue, to: &writer)
        switch self {
        case .hello(let hello): try hello.write(to: &writer)
        case .renew(let slots, let renewals, let tasks):
            try writer.integer(slots, "renew.slots", limit: WireLimits.slots)
            try writer.list(renewals, "renew", limit: WireLimits.leases) { writer, renewal in
                try renewal.lease.write(to: &writer, "renew.lease")
                writer.varint(renewal.progress)
            }
            try writer.list(tasks, "renew.tasks", limit: WireLimits.tasks) { $1.write(to: &$0) }
        case .handBack(let leases, let reason):
            try LeaseID.write(leases, to: &writer, "handBack.leases")
            try writer.text(reason, "handBack.reason")
        case .failed(let lease, let error, let cause):
            try lease.write(to: &writer, "failed.lease")
            try error.write(to: &writer, "failed.error")
            try writer.name(cause, "failed.cause")
        case .goodbye: break
        case .attach(let instance): instance.write(to: &writer)
        case .part(let part): try part.write(to: &writer)
        case .request(let id, let request):
            writer.fixed(id)
            try request.write(to: &writer)
        }
        return try writer.message()
    }

    /// The message in `bytes`. Throws `ByteError` for anything but exactly one message within `WireLimits`.
    public init(decoding bytes: [UInt8]) throws {
        var (header, reader) = try MessageHeader.open(bytes)
        guard header.isCurrent else { throw MessageHeader.wrongVersion(header.version) }
        guard let kind = Kind(rawValue: header.kind) else {
            throw ByteError("message.kind", expected: "a message to the coordinator", found: "kind \(header.kind)")
        }
        self = try Self.body(kind, from: &reader)
        try reader.end("\(kind)")
    }

    private static func body(_ kind: Kind, from reader: inout ByteReader) throws -> MessageToCoordinator {
        switch kind {
        case .hello: return .hello(try WorkerHello(from: &reader))
        case .renew:
            return .renew(
                slots: try reader.integer("renew.slots", limit: WireLimits.slots),
                try reader.list("renew", limit: WireLimits.leases, minimumBytes: LeaseID.minimumBytes + 1) { reader in
                    Renewal(
                        lease: try LeaseID(from: &reader, "renew.lease"), progress: try reader.varint("renew.progress"))
                },
                tasks: try reader.list("renew.tasks", limit: WireLimits.tasks, minimumBytes: 32) {
                    try Digest(from: &$0, "renew.task")
                })
        case .handBack:
            return .handBack(
                try LeaseID.list(from: &reader, "handBack.leases"), reason: try reader.text("handBack.reason"))
        case .failed:
            return .failed(
                try LeaseID(from: &reader, "failed.lease"), try InputError(from: &reader, "failed.error"),
                try reader.name("failed.cause"))
        case .goodbye: return .goodbye
        case .attach: return .attach(try InstanceID(from: &reader, "attach.instance"))
        case .part: return .part(try ResultPart(from: &reader))
        case .request: return .request(id: try reader.fixed("request.id"), try OperatorRequest(from: &reader))
        }
    }
}

extension WorkerHello {
    func write(to writer: inout ByteWriter) throws {
        try writer.string(build, "hello.build", limit: WireLimits.nameBytes)
        instance.write(to: &writer)
        try writer.string(host, "hello.host", limit: WireLimits.nameBytes)
        try writer.integer(processID, "hello.processID", limit: Int(Int32.max))
        try writer.string(numberSystem, "hello.numberSystem", limit: WireLimits.nameBytes)
        try writer.integer(threads, "hello.threads", limit: WireLimits.threads)
        try writer.optional(slurmJob) { try $0.string($1, "hello.slurmJob", limit: WireLimits.nameBytes) }
        try LeaseID.write(held, to: &writer, "hello.held")
    }

    init(from reader: inout ByteReader) throws {
        build = try reader.string("hello.build", limit: WireLimits.nameBytes)
        instance = try InstanceID(from: &reader, "hello.instance")
        host = try reader.string("hello.host", limit: WireLimits.nameBytes)
        processID = try reader.integer("hello.processID", limit: Int(Int32.max))
        numberSystem = try reader.string("hello.numberSystem", limit: WireLimits.nameBytes)
        threads = try reader.integer("hello.threads", limit: WireLimits.threads)
        slurmJob = try reader.optional("hello.slurmJob") {
            try $0.string("hello.slurmJob", limit: WireLimits.nameBytes)
        }
        held = try LeaseID.list(from: &reader, "hello.held")
    }
}

extension ResultPart {
    func write(to writer: inout ByteWriter) throws {
        try check()
        try lease.write(to: &writer, "part.lease")
        transferDigest.write(to: &writer)
        try writer.integer(totalBytes, "part.totalBytes", limit: WireLimits.resultBytes)
        try writer.integer(offset, "part.offset", limit: WireLimits.resultBytes)
        try writer.array(bytes, "part.bytes", limit: WireLimits.partBytes)
    }

    init(from reader: inout ByteReader) throws {
        lease = try LeaseID(from: &reader, "part.lease")
        transferDigest = try Digest(from: &reader, "part.transferDigest")
        totalBytes = try reader.integer("part.totalBytes", limit: WireLimits.resultBytes)
        offset = try reader.integer("part.offset", limit: WireLimits.resultBytes)
        bytes = try reader.array("part.bytes", limit: WireLimits.partBytes)
        try check()
    }

    private func check() throws {
        guard !bytes.isEmpty else { throw ByteError("part.bytes", expected: "at least one byte", found: "none") }
        guard offset >= 0, offset <= totalBytes, bytes.count <= totalBytes - offset else {
            throw ByteError(
                "part", expected: "a piece within \(totalBytes) bytes", found: "\(bytes.count) bytes at \(offset)")
        }
    }
}
