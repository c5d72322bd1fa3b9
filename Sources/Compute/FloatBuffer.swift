/// Float32 storage outside Swift's arrays: fixed size, 64-byte aligned, written by one owner at a time.
public final class FloatBuffer {
    /// The storage.
    public let pointer: UnsafeMutablePointer<Float>
    /// Number of floats.
    public let count: Int
    private let memory: ZeroedMemory

    /// Takes memory for `count` zeros.
    public init(_ count: Int) {
        self.count = count
        memory = ZeroedMemory(max(count, 1) * MemoryLayout<Float>.stride)
        pointer = memory.start.bindMemory(to: Float.self, capacity: max(count, 1))
    }

    /// The whole storage.
    public var all: UnsafeMutableBufferPointer<Float> { UnsafeMutableBufferPointer(start: pointer, count: count) }
}
