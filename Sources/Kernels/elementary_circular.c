// Cosine and sine.
#include "elementary.h"

#include "elementary.inc.h"

// x = quadrant * pi / 2 + rest for a finite x >= 0.78, |rest| <= pi / 4; the quadrant is given modulo 4. Payne and Hanek's
// way ("Radian reduction for trigonometric functions", 1983): of 2 / pi the 256 bits are taken that decide about x * 2 / pi
// modulo 4. No double comes nearer to a multiple of pi / 2 than some 2^-62 of it: 139 bits of the rest are right.
static struct pair reduced(double x, int *quadrant) {
    uint64_t bits = to_bits(x), mantissa = (bits & (((uint64_t)1 << 52) - 1)) | (uint64_t)1 << 52;
    // x = mantissa * 2^exponent. Bits of 2 / pi before number `exponent - 2` contribute multiples of 4.
    int exponent = (int)(bits >> 52) - 1075, first = 64 + exponent - 2, word = first / 64, shift = first % 64;
    // mantissa * bits modulo 2^256, the lowest word first; its unit is 2^-254.
    uint64_t turned[4];
    unsigned __int128 carried = 0;
    for (int i = 0; i < 4; i++) {
        const uint64_t *source = &two_by_pi[word + 3 - i];
        uint64_t window = shift == 0 ? source[0] : source[0] << shift | source[1] >> (64 - shift);
        carried += (unsigned __int128)window * mantissa;
        turned[i] = (uint64_t)carried;
        carried >>= 64;
    }
    *quadrant = (int)(turned[3] >> 62);
    turned[3] &= UINT64_MAX >> 2;
    // From half a quadrant on, the next one is nearer.
    double sign = 1;
    if (turned[3] >> 61) {
        *quadrant = (*quadrant + 1) & 3;
        sign = -1;
        carried = 1;
        for (int i = 0; i < 4; i++) {
            carried += ~turned[i];
            turned[i] = (uint64_t)carried;
            carried >>= 64;
        }
        turned[3] &= UINT64_MAX >> 2;
    }
    // The first 106 bits from the leading one on.
    int top = 3, zeros = 0;
    while (top > 1 && turned[top] == 0) top--;
    while (!(turned[top] << zeros >> 63)) zeros++;
    uint64_t high = turned[top] << zeros, low = turned[top - 1] << zeros;
    if (zeros > 0) {
        high |= turned[top - 1] >> (64 - zeros);
        if (top > 1) low |= turned[top - 2] >> (64 - zeros);
    }
    // The leading bit is number 64 top + 63 - zeros.
    double unit = sign * power_of_2(64 * top + 63 - zeros - 254 - 52);
    struct pair fraction = {(double)(high >> 11) * unit, (double)(high << 53 >> 11 | low >> 22) * (unit * 0x1p-53)};
    return multiply(fast_sum(fraction.high, fraction.low), half_pi);
}

// 1 / n! - x^2 / (n + 2)! + x^4 / (n + 4)! ... for the square of |x| <= pi / 4; from term 18 on, doubles have digits enough.
static struct pair alternating(int n, struct pair square) {
    int last = n + 28;
    double q = -square.high, tail = inverse_factorials[last].high;
    int i = last - 2;
    for (; i >= 18; i -= 2) tail = tail * q + inverse_factorials[i].high;
    struct pair minus = {-square.high, -square.low};
    struct pair series = add(inverse_factorials[i], (struct pair){tail * q, 0});
    for (i -= 2; i >= n; i -= 2) series = add(inverse_factorials[i], multiply(series, minus));
    return series;
}

static double cosine(struct pair x) { return alternating(0, multiply(x, x)).high; }

static double sine(struct pair x) { return multiply(alternating(1, multiply(x, x)), x).high; }

// Below this, the first terms of which each has all its digits.
static const double small = 0x1p-20;

double elementary_cos(double x) {
    double size = magnitude(x);
    if (!(size < infinity)) return not_a_number;
    if (size < small) {
        struct pair square = product(x, x);
        double q = square.high;
        return sum_of_three(1, -q / 2, q * q * (1.0 / 24 - q / 720) - square.low / 2);
    }
    int quadrant = 0;
    struct pair rest = size < 0.78 ? (struct pair){size, 0} : reduced(size, &quadrant);
    double result = quadrant & 1 ? sine(rest) : cosine(rest);
    return quadrant == 1 || quadrant == 2 ? -result : result;
}

double elementary_sin(double x) {
    double size = magnitude(x);
    if (!(size < infinity)) return not_a_number;
    // What x^3 / 6 is less than half a unit of the last place.
    if (size < 0x1p-26) return x;
    if (size < small) {
        struct pair third = multiply(scale(product(x, x), x), inverse_factorials[3]);
        double q = x * x;
        return sum_of_three(x, -third.high, x * q * q * (1.0 / 120 - q / 5040) - third.low);
    }
    int quadrant = 0;
    struct pair rest = size < 0.78 ? (struct pair){size, 0} : reduced(size, &quadrant);
    double result = quadrant & 1 ? cosine(rest) : sine(rest);
    return (quadrant >= 2) != (x < 0) ? -result : result;
}
