/// How a dictionary's latents answer to a token, which decides what sums of their activations can be.
public enum ActivationRule: String, Sendable, Hashable, Codable, CaseIterable {
    /// A latent fires or it does not: activations are above zero, and a latent that is not listed did not fire.
    case sparse
    /// Every latent answers to every token with a number of either sign. So all masked tokens count as active, and
    /// shares of active tokens mean nothing.
    case linear

    /// Whether shares of active tokens mean anything.
    public var hasDensities: Bool { self == .sparse }

    /// What is impossible about a latent's sum over `tokens` masked tokens of a prompt, of which `active` were active;
    /// nil if nothing is.
    public func flaw(sum: Double, active: UInt32, tokens: UInt32) -> (expected: String, found: String)? {
        guard sum.isFinite else { return ("a finite sum", "\(sum)") }
        switch self {
        case .sparse:
            // Activations above zero in float32 add up to something above zero in float64.
            guard sum > 0 else { return ("a sum above zero", "\(sum)") }
            guard active >= 1, active <= tokens else { return ("1 to \(tokens) active tokens", "\(active)") }
        case .linear:
            guard active == tokens else { return ("\(tokens) active tokens, all masked ones", "\(active)") }
        }
        return nil
    }

    /// What is impossible about the number of latents in a prompt's row, for a dictionary of `latents`; nil if nothing
    /// is.
    public func flaw(entries: Int, latents: Int, tokens: UInt32) -> (expected: String, found: String)? {
        let all = tokens > 0 ? latents : 0
        guard self == .linear, entries != all else { return nil }
        return ("all \(all) latents", "\(entries)")
    }
}
