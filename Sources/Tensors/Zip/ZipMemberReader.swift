import CZlib
import Inputs

/// Reads the bytes of a zip member from its beginning to its end, and checks them by size and CRC-32.
final class ZipMemberReader {
    private let file: InputFile
    private let member: ZipArchive.Member
    /// Bytes in the file that were not read yet.
    private var rest: Range<Int>
    /// Bytes that were handed out, and their checksum.
    private var done = 0
    private var checksum: UInt = 0
    private var stream = z_stream()
    private let input: UnsafeMutableBufferPointer<UInt8>

    private static let inputBytes = 64 << 10

    init(_ archive: ZipArchive, _ member: ZipArchive.Member) throws {
        let start = try archive.dataStart(of: member)
        (file, self.member) = (archive.file, member)
        rest = start..<start + member.compressedSize
        input = .allocate(capacity: Self.inputBytes)
        if member.isDeflated, czlib_inflate_init_raw(&stream) != Z_OK {
            throw InputError(place, expected: "memory for zlib", found: "none", kind: .temporary)
        }
    }

    deinit {
        if member.isDeflated { inflateEnd(&stream) }
        input.deallocate()
    }

    private var place: String { "\(file.path): \(member.name)" }

    /// Fills `buffer`. Throws `InputError` where the member has fewer bytes left.
    func read(into buffer: UnsafeMutableRawBufferPointer) throws {
        guard buffer.count <= member.size - done else {
            throw InputError(place, expected: "\(buffer.count) bytes", found: "\(member.size - done) left")
        }
        guard let start = buffer.baseAddress else { return }
        if member.isDeflated {
            try inflate(into: buffer)
        } else {
            try file.read(from: rest.lowerBound, into: buffer)
            rest = rest.lowerBound + buffer.count..<rest.upperBound
        }
        checksum = crc32_z(checksum, start.assumingMemoryBound(to: UInt8.self), buffer.count)
        done += buffer.count
    }

    /// The next `count` bytes.
    func bytes(_ count: Int) throws -> [UInt8] {
        guard count <= member.size - done else {
            throw InputError(place, expected: "\(count) bytes", found: "\(member.size - done) left")
        }
        var bytes = [UInt8](repeating: 0, count: count)
        try bytes.withUnsafeMutableBytes { try read(into: $0) }
        return bytes
    }

    /// Throws `InputError` unless all bytes have been read and their checksum is the archive's.
    func end() throws {
        guard done == member.size else {
            throw InputError(place, expected: "nothing more", found: "\(member.size - done) bytes")
        }
        if member.isDeflated {
            // One byte more than there may be: the stream must end here.
            var byte: UInt8 = 0
            let status = try withUnsafeMutableBytes(of: &byte) { try step(into: $0) }
            guard status == Z_STREAM_END, stream.avail_out == 1, stream.avail_in == 0, rest.isEmpty else {
                throw InputError(
                    place, expected: "compressed data that ends after \(member.size) bytes", found: "other data")
            }
        }
        guard checksum == UInt(member.crc32) else {
            throw InputError(
                place, expected: "CRC-32 \(String(member.crc32, radix: 16))",
                found: String(checksum, radix: 16), hint: "the file is damaged: copy it again")
        }
    }

    private func inflate(into buffer: UnsafeMutableRawBufferPointer) throws {
        var filled = 0
        while filled < buffer.count {
            let part = UnsafeMutableRawBufferPointer(
                rebasing: buffer[filled..<min(buffer.count, filled + Self.inputBytes)])
            let status = try step(into: part)
            let more = part.count - Int(stream.avail_out)
            filled += more
            guard more > 0 || status == Z_OK else {
                throw InputError(
                    place, expected: "\(member.size) bytes of decompressed data", found: "\(done + filled)",
                    hint: "the file is damaged: copy it again")
            }
        }
    }

    /// Decompresses into `buffer` as far as what was read goes.
    private func step(into buffer: UnsafeMutableRawBufferPointer) throws -> Int32 {
        if stream.avail_in == 0, !rest.isEmpty {
            let count = min(Self.inputBytes, rest.count)
            try file.read(
                from: rest.lowerBound,
                into: UnsafeMutableRawBufferPointer(rebasing: UnsafeMutableRawBufferPointer(input)[..<count]))
            rest = rest.lowerBound + count..<rest.upperBound
            stream.next_in = input.baseAddress
            stream.avail_in = UInt32(count)
        }
        stream.next_out = buffer.baseAddress?.assumingMemoryBound(to: UInt8.self)
        stream.avail_out = UInt32(buffer.count)
        let status = CZlib.inflate(&stream, Z_NO_FLUSH)
        guard [Z_OK, Z_STREAM_END, Z_BUF_ERROR].contains(status) else {
            throw InputError(
                place, expected: "deflated data", found: stream.msg.map { String(cString: $0) } ?? "error \(status)",
                hint: "the file is damaged: copy it again")
        }
        return status
    }
}
