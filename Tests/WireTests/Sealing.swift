@testable import Wire

/// A message that was changed, with a checksum that is right again, so that what comes after the checksum is tested:
/// without its last `dropping` bytes of body, with `adding` after them.
func resealed(_ message: [UInt8], dropping: Int = 0, adding: [UInt8] = []) -> [UInt8] {
    MessageHeader.sealed(message.dropLast(MessageHeader.checksumBytes + dropping) + adding)
}
