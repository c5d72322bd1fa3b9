import Inputs

extension JobID {
    func write(to writer: inout ByteWriter, _ what: String) throws {
        try writer.string(text, what, limit: 64)
    }

    init(from reader: inout ByteReader, _ what: String) throws {
        let text = try reader.string(what, limit: 64)
        guard let job = JobID(text) else {
            throw ByteError(what, expected: "1 to 64 of a-z, 0-9 and -", found: "\"\(text)\"")
        }
        self = job
    }
}

extension LeaseID {
    /// A job of one letter, its length, shard and epoch.
    static let minimumBytes = 4

    func write(to writer: inout ByteWriter, _ what: String) throws {
        try job.write(to: &writer, "\(what).job")
        try writer.integer(shard, "\(what).shard", limit: WireLimits.shards)
        try writer.integer(epoch, "\(what).epoch", limit: WireLimits.shards)
    }

    init(from reader: inout ByteReader, _ what: String) throws {
        job = try JobID(from: &reader, "\(what).job")
        shard = try reader.integer("\(what).shard", limit: WireLimits.shards)
        epoch = try reader.integer("\(what).epoch", limit: WireLimits.shards)
    }

    static func write(_ leases: [LeaseID], to writer: inout ByteWriter, _ what: String) throws {
        try writer.list(leases, what, limit: WireLimits.leases) { try $1.write(to: &$0, what) }
    }

    static func list(from reader: inout ByteReader, _ what: String) throws -> [LeaseID] {
        try reader.list(what, limit: WireLimits.leases, minimumBytes: minimumBytes) { try LeaseID(from: &$0, what) }
    }
}

extension InstanceID {
    func write(to writer: inout ByteWriter) {
        writer.fixed(high)
        writer.fixed(low)
    }

    init(from reader: inout ByteReader, _ what: String) throws {
        self.init(high: try reader.fixed(what), low: try reader.fixed(what))
    }
}

extension Digest {
    func write(to writer: inout ByteWriter) {
        writer.raw(bytes)
    }

    init(from reader: inout ByteReader, _ what: String) throws {
        guard let digest = Digest(bytes: try reader.raw(32, what)) else {
            throw ByteError(what, expected: "32 bytes", found: "another number")
        }
        self = digest
    }
}

extension InputError {
    package func write(to writer: inout ByteWriter, _ what: String) throws {
        try writer.name(kind, "\(what).kind")
        for field in [place, expected, found, hint] { try writer.text(field, what) }
    }

    package init(from reader: inout ByteReader, _ what: String) throws {
        let kind: Kind = try reader.name("\(what).kind")
        let place = try reader.text("\(what).place")
        let expected = try reader.text("\(what).expected")
        let found = try reader.text("\(what).found")
        self.init(place, expected: expected, found: found, hint: try reader.text("\(what).hint"), kind: kind)
    }
}

extension ByteWriter {
    /// Text for people. What is too long is cut and ends in an ellipsis: an error that is too long to send would be
    /// worse than one without its end.
    mutating func text(_ value: String, _ what: String) throws {
        try string(value.cut(toUTF8: WireLimits.textBytes), what, limit: WireLimits.textBytes)
    }

    /// A span of time: above zero and below a year.
    mutating func seconds(_ value: Double, _ what: String) throws {
        guard value > 0, value < WireLimits.seconds else {
            throw ByteError(what, expected: "above 0 and below \(WireLimits.seconds)", found: "\(value)")
        }
        number(value)
    }
}

extension ByteReader {
    mutating func text(_ what: String) throws -> String {
        try string(what, limit: WireLimits.textBytes)
    }

    mutating func seconds(_ what: String) throws -> Double {
        let value = try number(what)
        guard value > 0, value < WireLimits.seconds else {
            throw ByteError(what, expected: "above 0 and below \(WireLimits.seconds)", found: "\(value)")
        }
        return value
    }
}

extension String {
    /// The string itself, or its beginning and an ellipsis in at most `limit` bytes.
    func cut(toUTF8 limit: Int) -> String {
        guard utf8.count > limit else { return self }
        let ellipsis = "…"
        var end = utf8.index(startIndex, offsetBy: limit - ellipsis.utf8.count)
        while end.samePosition(in: unicodeScalars) == nil { end = utf8.index(before: end) }
        return String(self[..<end]) + ellipsis
    }
}
