#pragma once

// Elementary functions whose bits depend on no machine and no system library: nothing but +, -, * and / of IEEE doubles and
// integers, in one order. They are computed to twice a double's digits and rounded once. Before that, the largest relative
// error among 10^6 random arguments against 113-bit arithmetic was 2^-94.6 for pow and 2^-103.2 for the others: the answer
// is the double nearest to the true one, but for one argument in some 2^35 (pow) and 2^47. Zeros, infinities and NaN are
// C99's (Annex F); a NaN is always the positive quiet one without payload. Rounding to nearest is assumed; errno and
// floating-point flags mean nothing.

/// e^x.
double elementary_exp(double x);

/// The natural logarithm of x.
double elementary_log(double x);

/// The natural logarithm of 1 + x, also where x is small.
double elementary_log1p(double x);

/// x to the power of y. Answers that lie in the middle between two doubles, such as (2^27 + 1)^2, are rounded to even.
double elementary_pow(double x, double y);

/// The cosine of x radians, for every finite x.
double elementary_cos(double x);

/// The sine of x radians, for every finite x.
double elementary_sin(double x);
