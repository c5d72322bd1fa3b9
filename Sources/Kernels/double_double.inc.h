// Arithmetic of numbers that are the unevaluated sum of two doubles, of which the second is at most half a unit in the last
// place of the first: some 106 bits. Dekker's and Knuth's exact sums and products; without fused multiply-adds, so that no
// processor needs a library for them. Products are exact for factors between 2^-480 and 2^500.
#pragma once
#include <float.h>
#include <stdint.h>
#include <string.h>

// A contraction would round differently where the processor has it.
#pragma STDC FP_CONTRACT OFF
_Static_assert(FLT_EVAL_METHOD == 0, "doubles are computed as doubles");

struct pair {
    double high, low;
};

static inline uint64_t to_bits(double value) {
    uint64_t bits;
    memcpy(&bits, &value, sizeof bits);
    return bits;
}

static inline double from_bits(uint64_t bits) {
    double value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

static inline double magnitude(double x) { return from_bits(to_bits(x) & INT64_MAX); }

/// 2^exponent, for -1022 <= exponent <= 1023.
static inline double power_of_2(int64_t exponent) { return from_bits((uint64_t)(1023 + exponent) << 52); }

/// a + b exactly, where a is 0 or not the smaller one.
static inline struct pair fast_sum(double a, double b) {
    double sum = a + b;
    return (struct pair){sum, b - (sum - a)};
}

/// a + b exactly.
static inline struct pair sum(double a, double b) {
    double sum = a + b, of_b = sum - a;
    return (struct pair){sum, (a - (sum - of_b)) + (b - of_b)};
}

/// a * b exactly: each factor is cut into two of 26 bits.
static inline struct pair product(double a, double b) {
    const double cut = 0x1p27 + 1;
    double a_cut = cut * a, a_high = a_cut - (a_cut - a), a_low = a - a_high;
    double b_cut = cut * b, b_high = b_cut - (b_cut - b), b_low = b - b_high;
    double result = a * b;
    return (struct pair){result, ((a_high * b_high - result) + a_high * b_low + a_low * b_high) + a_low * b_low};
}

static inline struct pair add(struct pair a, struct pair b) {
    struct pair high = sum(a.high, b.high), low = sum(a.low, b.low);
    high = fast_sum(high.high, high.low + low.high);
    return fast_sum(high.high, high.low + low.low);
}

static inline struct pair multiply(struct pair a, struct pair b) {
    struct pair high = product(a.high, b.high);
    return fast_sum(high.high, high.low + (a.high * b.low + a.low * b.high));
}

static inline struct pair scale(struct pair a, double factor) {
    struct pair high = product(a.high, factor);
    return fast_sum(high.high, high.low + a.low * factor);
}

static inline struct pair divide(struct pair a, struct pair b) {
    double first = a.high / b.high;
    struct pair rest = add(a, scale(b, -first));
    double second = rest.high / b.high;
    rest = add(rest, scale(b, -second));
    struct pair quotient = fast_sum(first, second);
    return add(quotient, (struct pair){rest.high / b.high, 0});
}

/// a + b + c rounded once, where each is far smaller than the one before: b + c is rounded to odd, which keeps on which
/// side of a middle it lies (Boldo and Melquiond, "Emulation of a FMA and correctly rounded sums", 2008).
static inline double sum_of_three(double a, double b, double c) {
    struct pair rest = sum(b, c);
    uint64_t bits = to_bits(rest.high);
    if (rest.low != 0 && (bits & 1) == 0) bits = (rest.low > 0) == (rest.high > 0) ? bits + 1 : bits - 1;
    return a + from_bits(bits);
}
