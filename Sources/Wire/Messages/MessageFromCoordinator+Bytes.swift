import Inputs

extension MessageFromCoordinator {
    /// The byte that tells messages from the coordinator apart; those to the coordinator begin at 0x01.
    private enum Kind: UInt8 {
        case welcome = 0x81
        case refused = 0x82
        case lease = 0x83
        case revoke = 0x84
        case whoAreYou = 0x85
        case credit = 0x86
        case accepted = 0x87
        case rejected = 0x88
        case reply = 0x89
        case dismiss = 0x8a
        case heard = 0x8b
    }

    private var kind: Kind {
        switch self {
        case .welcome: .welcome
        case .refused: .refused
        case .lease: .lease
        case .revoke: .revoke
        case .whoAreYou: .whoAreYou
        case .credit: .credit
        case .accepted: .accepted
        case .rejected: .rejected
        case .reply: .reply
        case .dismiss: .dismiss
        case .heard: .heard
        }
    }

    /// The message as bytes. Throws `ByteError` where it is past one of `WireLimits`.
    public func encoded() throws -> [UInt8] {
        var writer = ByteWriter(reserving: MessageHeader.byteCount)
        MessageHeader.write(kind: kind.rawValue, to: &writer)
        switch self {
        case .welcome(let name, let leaseSeconds, let instance):
            try writer.string(name, "welcome.name", limit: WireLimits.nameBytes)
            try writer.seconds(leaseSeconds, "welcome.leaseSeconds")
            instance.write(to: &writer)
        case .refused(let error): try error.write(to: &writer, "refused.error")
        case .lease(let lease): try lease.write(to: &writer)
        case .revoke(let leases, let reason):
            try LeaseID.write(leases, to: &writer, "revoke.leases")
            try writer.text(reason, "revoke.reason")
        case .heard: break
        case .dismiss(let reason, let atOnce):
            try writer.text(reason, "dismiss.reason")
            writer.flag(atOnce)
        case .whoAreYou(let channel): try writer.name(channel, "whoAreYou.channel")
        case .credit(let bytes): try writer.integer(bytes, "credit.bytes", limit: WireLimits.resultBytes)
        case .accepted(let lease): try lease.write(to: &writer, "accepted.lease")
        case .rejected(let lease, let error):
            try lease.write(to: &writer, "rejected.lease")
            try error.write(to: &writer, "rejected.error")
        case .reply(let id, let reply):
            writer.fixed(id)
            try reply.write(to: &writer)
        }
        return try writer.message()
    }

    /// The message in `bytes`. Throws `ByteError` for anything but exactly one message within `WireLimits`.
    public init(decoding bytes: [UInt8]) throws {
        var (header, reader) = try MessageHeader.open(bytes)
        // A coordinator of another version must still be able to say so.
        guard header.isCurrent || header.kind == Kind.refused.rawValue else {
            throw MessageHeader.wrongVersion(header.version)
        }
        guard let kind = Kind(rawValue: header.kind) else {
            throw ByteError("message.kind", expected: "a message from the coordinator", found: "kind \(header.kind)")
        }
        self = try Self.body(kind, from: &reader)
        // What follows the fields of another version's refusal, such as a checksum of its own, is not ours to judge.
        if header.isCurrent { try reader.end("\(kind)") }
    }

    private static func body(_ kind: Kind, from reader: inout ByteReader) throws -> MessageFromCoordinator {
        switch kind {
        case .welcome:
            return .welcome(
                name: try reader.string("welcome.name", limit: WireLimits.nameBytes),
                leaseSeconds: try reader.seconds("welcome.leaseSeconds"),
                instance: try InstanceID(from: &reader, "welcome.instance"))
        case .refused: return .refused(try InputError(from: &reader, "refused.error"))
        case .lease: return .lease(try Lease(from: &reader))
        case .revoke:
            return .revoke(try LeaseID.list(from: &reader, "revoke.leases"), reason: try reader.text("revoke.reason"))
        case .heard: return .heard
        case .dismiss:
            return .dismiss(reason: try reader.text("dismiss.reason"), atOnce: try reader.flag("dismiss.atOnce"))
        case .whoAreYou: return .whoAreYou(try reader.name("whoAreYou.channel"))
        case .credit: return .credit(bytes: try reader.integer("credit.bytes", limit: WireLimits.resultBytes))
        case .accepted: return .accepted(try LeaseID(from: &reader, "accepted.lease"))
        case .rejected:
            return .rejected(
                try LeaseID(from: &reader, "rejected.lease"), try InputError(from: &reader, "rejected.error"))
        case .reply: return .reply(id: try reader.fixed("reply.id"), try OperatorReply(from: &reader))
        }
    }
}
