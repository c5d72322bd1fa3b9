#include "elementary.h"

#include "elementary.inc.h"

// result * 2^exponent for a positive result, rounded once where it is subnormal.
static double rounded(struct pair result, int64_t exponent) {
    uint64_t bits = to_bits(result.high);
    int64_t biased = (int64_t)(bits >> 52) + exponent;
    if (biased >= 2047) return infinity;
    if (biased > 0) return from_bits(bits + ((uint64_t)exponent << 52));
    int64_t dropped = 1 - biased;
    if (dropped > 53) return 0;
    uint64_t one = 1, mantissa = (bits & ((one << 52) - 1)) | one << 52;
    uint64_t kept = mantissa >> dropped, rest = mantissa & ((one << dropped) - 1), half = one << (dropped - 1);
    bool is_above = rest > half || (rest == half && (result.low > 0 || (result.low == 0 && (kept & 1))));
    return from_bits(kept + is_above);
}

// A shorter way is tried first, whose error is known to be below a bound. Where all numbers as near as that to its result
// are rounded to one double, that is the answer: all but one time in some hundred.
static bool is_decided(struct pair found, double relative_error, double *answer) {
    double error = magnitude(found.high) * relative_error;
    *answer = found.high + (found.low + error);
    return *answer == found.high + (found.low - error);
}

// Below this, exp and log1p are their first terms, of which each has all its digits.
static const double small = 0x1p-26;

// e^x for |x| < 2^-26, as 1 + x + what is left.
static double exp_of_small(struct pair x) {
    double x2 = x.high * x.high;
    return sum_of_three(1, x.high, x.low + x2 * (1.0 / 2 + x.high * (1.0 / 6 + x.high / 24)));
}

// Multiples of ln 2 / 32 in x; they are left out, and the rest is below 0.011.
static double steps_in(double x) {
    const double round = 0x1.8p52;
    return (x * steps_by_log_2 + round) - round;
}

// 2^(n / 32) = power * 2^exponent
static struct pair power_of_steps(double n, int64_t *exponent) {
    int64_t index = (int64_t)n;
    // Rounds down, for negative ones, too.
    *exponent = (index - (index & 31)) / 32;
    return powers_of_2[index & 31];
}

// As exp_of, with a relative error below 2^-62: at most 2^-64.5 was found.
static struct pair exp_in_short(double x, int64_t *exponent) {
    double n = steps_in(x);
    struct pair rest = sum(x - n * log_2_step[0], -n * log_2_step[1]), power = power_of_steps(n, exponent);
    double t = rest.high, tail = inverse_factorials[8].high;
    for (int i = 7; i >= 2; i--) tail = tail * t + inverse_factorials[i].high;
    tail = tail * (t * t) + rest.low;
    struct pair first = product(power.high, t), result = fast_sum(power.high, first.high);
    result.low += first.low + (power.low * (1 + t) + power.high * tail);
    return result;
}

// e^x = number * 2^exponent for 2^-27 < |x| < 1000, the number near 1 ... 2.
static struct pair exp_of(struct pair x, int64_t *exponent) {
    double n = steps_in(x.high);
    struct pair rest = sum(x.high - n * log_2_step[0], x.low);
    rest = add(rest, product(-n, log_2_step[1]));
    rest = add(rest, (struct pair){-n * log_2_step[2], 0});
    // Taylor's series; from the 7th power on, doubles have digits enough.
    double t = rest.high, tail = inverse_factorials[12].high;
    for (int i = 11; i >= 7; i--) tail = tail * t + inverse_factorials[i].high;
    struct pair series = add(inverse_factorials[6], (struct pair){tail * t, 0});
    for (int i = 5; i >= 1; i--) series = add(inverse_factorials[i], multiply(series, rest));
    series = multiply(series, rest);
    struct pair power = power_of_steps(n, exponent);
    return add(power, multiply(power, series));
}

// log(1 + x) for 2^-54 <= |x| < 2^-26.
static double log1p_of_small(double x) {
    struct pair square = product(x, x);
    double cube = x * square.high;
    return sum_of_three(x, -square.high / 2, cube * (1.0 / 3 - x * (1.0 / 4 - x / 5)) - square.low / 2);
}

// x + rest = 2^exponent (1 + r) / near->value, |r| < 0.024
struct reduced {
    int64_t exponent;
    const struct inverse *near;
    struct pair r;
};

// For a normal x > 0, and a rest no larger than half a unit in its last place.
static struct reduced reduced(double x, double rest) {
    int64_t exponent = (int64_t)(to_bits(x) >> 52) - 1023;
    double m = from_bits((to_bits(x) & (((uint64_t)1 << 52) - 1)) | (uint64_t)1023 << 52);
    // 0.75 <= m < 1.5, so that logarithms near 0 are no difference of two larger ones.
    if (m >= 1.5) {
        m /= 2;
        exponent++;
    }
    // Far out what stands behind the last place counts for nothing.
    rest = exponent < 200 ? rest * power_of_2(-exponent) : 0;
    const struct inverse *near = &inverses[(int)(m * 32 + 0.5) - 24];
    struct pair ratio = product(m, near->value), r = sum(ratio.high - 1, ratio.low);
    if (rest != 0) r = add(r, product(rest, near->value));
    return (struct reduced){exponent, near, r};
}

// The logarithm with a relative error below 2^-61, unless it is 0: at most 2^-63.7 was found.
static struct pair log_in_short(struct reduced x) {
    double t = x.r.high, tail = -1.0 / 12;
    static const double series[] = {1.0 / 11, -1.0 / 10, 1.0 / 9, -1.0 / 8, 1.0 / 7, -1.0 / 6, 1.0 / 5, -1.0 / 4, 1.0 / 3};
    for (size_t i = 0; i < sizeof series / sizeof series[0]; i++) tail = tail * t + series[i];
    struct pair square = product(t, t), powers = product((double)x.exponent, log_2.high);
    tail = tail * (t * square.high) - square.low / 2 + x.r.low * (1 - t);
    struct pair result = sum(powers.high, x.near->minus_log.high);
    double low = (powers.low + (double)x.exponent * log_2.low) + (x.near->minus_log.low + result.low);
    result = sum(result.high, t);
    low += result.low;
    result = sum(result.high, -square.high / 2);
    return (struct pair){result.high, result.low + (low + tail)};
}

// The logarithm to twice a double's digits, unless it is 0: log(1 + r) = 2 artanh(r / (2 + r)).
static struct pair log_of(struct reduced x) {
    struct pair s = divide(x.r, add((struct pair){2, 0}, x.r)), square = multiply(s, s);
    double q = square.high, tail = 1.0 / 9 + q * (1.0 / 11 + q * (1.0 / 13 + q * (1.0 / 15 + q * (1.0 / 17))));
    struct pair series = add(inverse_odds[3], (struct pair){tail * q, 0});
    for (int i = 2; i >= 0; i--) series = add(inverse_odds[i], multiply(series, square));
    struct pair result = multiply(scale(s, 2), series);
    return add(add(scale(log_2, (double)x.exponent), x.near->minus_log), result);
}

static struct reduced reduced_positive(double x) {
    if (x >= DBL_MIN) return reduced(x, 0);
    struct reduced result = reduced(x * 0x1p54, 0);
    result.exponent -= 54;
    return result;
}

static double log_rounded(struct reduced x) {
    double answer;
    return is_decided(log_in_short(x), 0x1p-61, &answer) ? answer : log_of(x).high;
}

double elementary_exp(double x) {
    if (x != x) return not_a_number;
    if (x > 710) return infinity;
    if (x < -746) return 0;
    if (magnitude(x) < small) return exp_of_small((struct pair){x, 0});
    int64_t exponent;
    double answer;
    // Subnormal results are rounded elsewhere.
    if (is_decided(exp_in_short(x, &exponent), 0x1p-62, &answer) && exponent > -1000)
        return rounded((struct pair){answer, 0}, exponent);
    return rounded(exp_of((struct pair){x, 0}, &exponent), exponent);
}

double elementary_log(double x) {
    if (!(x >= 0)) return not_a_number;
    if (x == 0) return -infinity;
    if (x == infinity) return infinity;
    if (x == 1) return 0;
    double beyond = x - 1;
    return magnitude(beyond) < small ? log1p_of_small(beyond) : log_rounded(reduced_positive(x));
}

double elementary_log1p(double x) {
    if (!(x >= -1)) return not_a_number;
    if (x == -1) return -infinity;
    if (x == infinity) return infinity;
    if (magnitude(x) < 0x1p-54) return x;
    if (magnitude(x) < small) return log1p_of_small(x);
    struct pair argument = sum(1, x);
    return log_rounded(reduced(argument.high, argument.low));
}

// Whether y is a whole number, and an odd one.
static bool is_whole(double y, bool *is_odd) {
    double size = magnitude(y);
    // From 2^53 on, all are even.
    *is_odd = size < 0x1p53 && (double)(int64_t)size == size && ((int64_t)size & 1);
    return size >= 0x1p53 || (double)(int64_t)size == size;
}

// |x|^y for numbers other than zeros, infinities and NaN.
static double positive_power(double x, double y) {
    if (x == 1) return 1;
    struct pair log = log_of(reduced_positive(x));
    double size = log.high * y;
    if (size > 710) return infinity;
    if (size < -746) return 0;
    struct pair argument = scale(log, y);
    if (magnitude(size) < small) return exp_of_small(argument);
    int64_t exponent;
    struct pair result = exp_of(argument, &exponent);
    // Powers may lie in the middle between two doubles. What is left of one after 88 bits is an error, and goes.
    const double round = 0x1.8p-36;
    result.low = (result.low + round) - round;
    return rounded(fast_sum(result.high, result.low), exponent);
}

double elementary_pow(double x, double y) {
    if (x == 1 || y == 0) return 1;
    if (x != x || y != y) return not_a_number;
    double size = magnitude(x);
    bool grows = (size > 1) == (y > 0);
    if (magnitude(y) == infinity) return size == 1 ? 1 : grows ? infinity : 0;
    bool is_odd, whole = is_whole(y, &is_odd);
    bool is_negative = to_bits(x) >> 63;
    double sign = is_negative && is_odd ? -1 : 1;
    if (size == 0 || size == infinity) return grows ? sign * infinity : sign * 0.0;
    if (is_negative && !whole) return not_a_number;
    return sign * positive_power(size, y);
}
