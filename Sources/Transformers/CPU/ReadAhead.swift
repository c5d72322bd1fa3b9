import Dispatch
import Tensors

/// Has the kernel read tensors from their files while something else is computed.
final class ReadAhead {
    /// A queue of its own: the kernel makes the caller wait if its queue to the disk is full.
    private let queue = DispatchQueue(label: "actdiff.read-ahead")
    private var last: String?

    /// Begins to read these tensors into the page cache; does nothing when they are the ones it was told last.
    func start(_ tensors: [TensorView]) {
        guard let place = tensors.first?.place, place != last else { return }
        last = place
        queue.async {
            for tensor in tensors { tensor.readAhead() }
        }
    }
}
