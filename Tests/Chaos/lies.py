"""A lying worker: its results with one number changed a little, and all checksums right again.

Knows the messages of Sources/Wire and the results of Sources/Kinds/Latents as they are documented there.
"""
import hashlib
from zmtp import LONG

HEADER_BYTES, CHECKSUM_BYTES, DIGEST_BYTES = 5, 8, 32
PART = 7
STORED, LZ4 = 0, 1
# Columns of a result: token counts, row lengths, latents, sums, active counts.
SUMS = 3
# The sixth byte of a float64 has the upper bits of its mantissa: the number changes by a part in some thousand.
PLANE, BIT = 5, 1


def lie(piece, header):
    """The frame with a changed number; None where it is no result in one part, or a result without numbers."""
    body = piece[header:]
    if body[:2] != b"AD" or body[HEADER_BYTES - 1] != PART:
        return None
    reader = Reader(body[:-CHECKSUM_BYTES], HEADER_BYTES)
    reader.skip(reader.varint())                      # the job
    reader.varint(), reader.varint()                  # shard and epoch
    lease_end = reader.at
    reader.skip(DIGEST_BYTES)
    total, offset, size = reader.varint(), reader.varint(), reader.varint()
    if offset != 0 or size != total:
        return None
    result = changed(reader.take(size))
    if result is None:
        return None
    message = (body[:lease_end] + hashlib.sha256(result).digest() + varint(len(result)) + varint(0)
               + varint(len(result)) + result)
    return framed(message + hashlib.sha256(message).digest()[:CHECKSUM_BYTES])


def changed(result):
    """The result with another first sum."""
    reader = Reader(result, 6)                        # ADSR and the version
    counts = [reader.varint() for _ in range(5)]      # shard, prompts, masks, tables, entries
    entries = counts[-1]
    if entries == 0:
        return None
    for _ in range(SUMS):
        reader.column()
    begin = reader.at
    form, raw = reader.column()
    sums = bytearray(raw if form == STORED else decompressed(raw))
    assert len(sums) == 8 * entries, "the sums are not where they were"
    sums[PLANE * entries] ^= BIT
    return result[:begin] + bytes([STORED]) + varint(len(sums)) + bytes(sums) + result[reader.at:]


def framed(message):
    """A ZMTP frame: the only one of its message."""
    if len(message) > 255:
        return bytes([LONG]) + len(message).to_bytes(8, "big") + message
    return bytes([0, len(message)]) + message


class Reader:
    """Bytes with a place in them."""

    def __init__(self, data, at):
        self.data, self.at = data, at

    def take(self, size):
        self.at += size
        return self.data[self.at - size:self.at]

    def skip(self, size):
        self.at += size

    def varint(self):
        value = shift = 0
        while True:
            byte = self.take(1)[0]
            value |= (byte & 0x7f) << shift
            shift += 7
            if byte < 0x80:
                return value

    def column(self):
        return self.take(1)[0], self.take(self.varint())


def varint(value):
    encoded = bytearray()
    while value >= 0x80:
        encoded.append(value & 0x7f | 0x80)
        value >>= 7
    return bytes(encoded + bytes([value]))


def decompressed(block):
    """An LZ4 block (github.com/lz4/lz4, doc/lz4_Block_format.md)."""
    out, at = bytearray(), 0

    def length(short):
        nonlocal at
        more = 255 if short == 15 else 0
        while more == 255:
            more = block[at]
            at += 1
            short += more
        return short

    while at < len(block):
        token = block[at]
        at += 1
        literals = length(token >> 4)
        out += block[at:at + literals]
        at += literals
        if at >= len(block):
            break
        distance = int.from_bytes(block[at:at + 2], "little")
        at += 2
        for _ in range(length(token & 15) + 4):
            out.append(out[-distance])
    return bytes(out)
