import Compute
import Models

/// Rows of one layer's taps that the residual stream does not hold when the layer has run: [tokens, hidden] each.
///
/// The sums of the stream are left as they are: a tapped output is computed once more, into these rows, so that no tap
/// changes a bit of the stream.
struct TapBuffers {
    /// The sites that need rows of their own.
    static let sites: [Site] = [.attnOut, .residMid, .mlpOut]

    let attnOut: FloatBuffer?
    let residMid: FloatBuffer?
    let mlpOut: FloatBuffer?

    /// Takes memory for those of `taps` that are in `layer`.
    init(_ taps: Set<Tap>, layer: Int, floats: Int, from workspace: Workspace) {
        func rows(_ site: Site) -> FloatBuffer? {
            taps.contains(Tap(site, layer: layer)) ? workspace.takeRows(floats) : nil
        }
        (attnOut, residMid, mlpOut) = (rows(.attnOut), rows(.residMid), rows(.mlpOut))
    }

    /// The rows of a site; nil where it is not tapped, or the stream holds them.
    subscript(_ site: Site) -> FloatBuffer? {
        switch site {
        case .residPre, .residPost: nil
        case .attnOut: attnOut
        case .residMid: residMid
        case .mlpOut: mlpOut
        }
    }

    func giveBack(to workspace: Workspace) {
        for site in Self.sites {
            if let rows = self[site] { workspace.giveBack(rows) }
        }
    }
}
