import Glibc
import Inputs

/// Frames between two processes of one program, over a socket: a kind (u8), a length (u64), as many bytes.
struct FrameSocket {
    /// The largest frame: a result or a snapshot, and what comes with it.
    static let mostBytes = (1 << 30) + (1 << 20)
    private static let headBytes = 9
    /// How often whoever waits looks whether it is to go on.
    private static let sliceMilliseconds: Int32 = 200

    let descriptor: Int32

    /// A frame.
    struct Frame {
        var kind: UInt8
        var bytes: [UInt8]
    }

    /// Sends a frame; `check` is called again and again while the other end does not read. Throws what `check` throws, and
    /// `Closed` where there is no other end.
    func send(_ frame: Frame, _ check: () throws -> Void = {}) throws {
        var writer = ByteWriter(reserving: Self.headBytes + frame.bytes.count)
        writer.fixed(frame.kind)
        writer.fixed(UInt64(frame.bytes.count))
        writer.raw(frame.bytes)
        let bytes = writer.bytes
        var sent = 0
        while sent < bytes.count {
            try wait(for: POLLOUT, check)
            let count = bytes.withUnsafeBytes { all in
                Glibc.send(
                    descriptor, all.baseAddress.map { $0 + sent }, all.count - sent,
                    Int32(MSG_NOSIGNAL | MSG_DONTWAIT))
            }
            if count > 0 { sent += count } else { try Self.refuse(errno) }
        }
    }

    /// The next frame; nil where the other end has closed. Throws what `check` throws, and `ByteError` for a frame that is too
    /// long or cut off.
    func receive(_ check: () throws -> Void = {}) throws -> Frame? {
        guard let head = try take(Self.headBytes, check), !head.isEmpty else { return nil }
        var reader = ByteReader(head)
        let kind: UInt8 = try reader.fixed("frame.kind")
        let length: UInt64 = try reader.fixed("frame.length")
        guard length <= UInt64(Self.mostBytes) else {
            throw ByteError("frame", expected: "at most \(Self.mostBytes) bytes", found: "\(length)")
        }
        guard let bytes = try take(Int(length), check) else {
            throw ByteError("frame", expected: "\(length) bytes", found: "the end")
        }
        return Frame(kind: kind, bytes: bytes)
    }

    /// So many bytes; nil where the other end has closed before the first.
    private func take(_ count: Int, _ check: () throws -> Void) throws -> [UInt8]? {
        // Grows as bytes come: a length alone takes no memory.
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: min(count, 1 << 18))
        while bytes.count < count {
            try wait(for: POLLIN, check)
            let room = min(chunk.count, count - bytes.count)
            let read = recv(descriptor, &chunk, room, Int32(MSG_DONTWAIT))
            if read > 0 {
                bytes.append(contentsOf: chunk[..<read])
            } else if read == 0 {
                return nil
            } else {
                try Self.refuse(errno)
            }
        }
        return bytes
    }

    private func wait(for event: Int32, _ check: () throws -> Void) throws {
        while true {
            try check()
            var entry = pollfd(fd: descriptor, events: Int16(event), revents: 0)
            if poll(&entry, 1, Self.sliceMilliseconds) > 0 { return }
        }
    }

    /// Passes over what is no error.
    private static func refuse(_ code: Int32) throws {
        guard code == EAGAIN || code == EINTR else { throw Closed() }
    }

    /// The other end is gone.
    struct Closed: Error {}
}
