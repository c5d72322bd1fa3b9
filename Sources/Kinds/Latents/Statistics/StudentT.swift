import Kernels

/// Student's t distribution.
enum StudentT {
    /// The probability of a |t| at least this large by chance: `I_x(df/2, 1/2)` with `x = df / (df + t²)`
    /// (Abramowitz and Stegun, 26.5.27). Relative error below 1e-10 down to 1e-283 and up to a million degrees of freedom;
    /// beyond, the continued fraction loses a digit for every ten times as many.
    static func twoSided(_ t: Double, degreesOfFreedom df: Double) -> Double {
        let ratio = abs(t) / df.squareRoot()
        guard ratio > 0 else { return 1 }
        let a = df / 2
        // x = 1 / (1 + ratio²) and its complement, by logarithms so that neither end loses digits or overflows.
        let logRatio = elementary_log(ratio)
        let logSum = elementary_log1p(ratio > 1 ? 1 / ratio / ratio : ratio * ratio)
        let logX = ratio > 1 ? -2 * logRatio - logSum : -logSum
        let logRest = ratio > 1 ? -logSum : 2 * logRatio - logSum
        // x^a (1 - x)^½ / B(a, ½), where B(a, ½) = √π Γ(a) / Γ(a + ½)
        let scale = elementary_exp(a * logX + 0.5 * logRest) * gammaRatio(a) / Double.pi.squareRoot()
        let x = elementary_exp(logX)
        if x < (a + 1) / (a + 2.5) {
            return min(1, scale / a * betaFraction(x, a, 0.5))
        }
        return max(0, 1 - scale / 0.5 * betaFraction(elementary_exp(logRest), 0.5, a))
    }

    /// The continued fraction of the incomplete beta function (Abramowitz and Stegun, 26.5.8), by Lentz's method.
    private static func betaFraction(_ x: Double, _ a: Double, _ b: Double) -> Double {
        let tiny = 1e-300
        func away(_ value: Double) -> Double { abs(value) < tiny ? tiny : value }
        var c = 1.0
        var d = 1 / away(1 - (a + b) * x / (a + 1))
        var fraction = d
        var m = 1.0
        // About the square root of the larger parameter in steps; the bound stands for df beyond 1e10.
        while m < 200_000 {
            let even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
            d = 1 / away(1 + even * d)
            c = away(1 + even / c)
            fraction *= d * c
            let odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
            d = 1 / away(1 + odd * d)
            c = away(1 + odd / c)
            fraction *= d * c
            if abs(d * c - 1) < 1e-15 { break }
            m += 1
        }
        return fraction
    }

    /// `Γ(a + ½) / Γ(a)`, by the asymptotic series of its logarithm above 20 and the recurrence below; the difference of
    /// two `lgamma` would lose nine digits at a million degrees of freedom.
    private static func gammaRatio(_ a: Double) -> Double {
        var factor = 1.0
        var a = a
        while a < 20 {
            factor *= a / (a + 0.5)
            a += 1
        }
        let r = 1 / a
        let r2 = r * r
        let series =
            r * (-1.0 / 8 + r2 * (1.0 / 192 + r2 * (-1.0 / 640 + r2 * (17.0 / 14336 + r2 * (-31.0 / 18432)))))
        return factor * a.squareRoot() * elementary_exp(series)
    }
}
