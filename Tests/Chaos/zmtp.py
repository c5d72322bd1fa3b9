"""ZMTP 3 (rfc.zeromq.org/spec/23): where frames begin and end in a stream of bytes."""

GREETING_BYTES = 64
MORE, LONG, COMMAND = 1, 2, 4


class Frames:
    """Cuts one direction of a connection into pieces: whole frames, and before them the greeting as it comes, since each
    side waits in the middle of its own for the other's."""

    def __init__(self):
        self.rest = bytearray()
        self._greeting_left = GREETING_BYTES

    def take(self, data):
        """Adds bytes; yields all pieces as (bytes, length of the frame's header or None where it is no message)."""
        self.rest += data
        while (piece := self._next()) is not None:
            yield piece

    def _next(self):
        if not self.rest:
            return None
        if self._greeting_left:
            size = min(self._greeting_left, len(self.rest))
            self._greeting_left -= size
            return self._cut(size), None
        header = 9 if self.rest[0] & LONG else 2
        if len(self.rest) < header:
            return None
        is_message = not self.rest[0] & COMMAND
        size = int.from_bytes(self.rest[1:header], "big")
        if len(self.rest) < header + size:
            return None
        return self._cut(header + size), header if is_message else None

    def _cut(self, size):
        piece = bytes(self.rest[:size])
        del self.rest[:size]
        return piece
