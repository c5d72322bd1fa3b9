/// Upper and lower bounds of w · x + bias for many weights w, from 8-bit products: which latents can matter for a row.
///
/// With a fixed centre c, w · x + bias = w · y + base, where y = x − c and base = bias + w · c. In blocks of
/// KERNELS_BOUND_BLOCK dimensions, weights and y are scaled and rounded to whole numbers of 8 bits, ŵ and ŷ, whose products
/// are exact. What this leaves out is |w · y − ŵ · ŷ| ≤ ‖y‖ ‖w − ŵ‖ + ‖y − ŷ‖ ‖ŵ‖ (Cauchy-Schwarz on both terms of
/// y · (w − ŵ) + (y − ŷ) · ŵ); these lengths are computed, and rounded up. Added to it is what floats may lose: every way
/// of summing used here and in kernels_product differs from the true sum by less than kernels_rounding(inner) times the
/// sum of the terms' magnitudes, which is at most ‖w‖ ‖x‖ + |bias|.
///
/// Bounds hold for any centre and any order of dimensions; they are narrow where rows stand near the centre, and where the
/// dimensions of a block are of similar size.
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/// Dimensions that share a scale.
#define KERNELS_BOUND_BLOCK 256
/// Latents whose codes are packed together.
#define KERNELS_BOUND_PANEL 64
/// Rows whose codes stand together.
#define KERNELS_BOUND_TILE 6

/// Whether this processor multiplies 8-bit numbers fast (AVX-512 VNNI). Without it everything here works, slowly.
bool kernels_bounds_are_fast(void);

/// The largest relative rounding error of a sum over `inner` products, see above.
float kernels_rounding(size_t inner);

/// Bytes of packed codes, and number of scales, for `latents` rows of weights.
size_t kernels_bound_codes(size_t latents, size_t inner);
size_t kernels_bound_scales(size_t latents, size_t inner);

/// 8-bit weights, packed in panels, and what is known of each latent.
struct kernels_bound_weights {
    /// Which dimension stands at each place, and the centre in that order.
    const uint32_t *order;
    const float *centre;
    uint8_t *codes;
    float *scales;
    /// Per latent, all rounded up: ‖w − ŵ‖ + 2 rounding · ‖w‖, ‖ŵ‖, and 2 rounding · (|bias| + ‖w‖ ‖c‖).
    float *error, *norm, *slack;
    float *base;
    const float *bias;
    /// NULL where the k largest are asked for; else what each latent's value must be above.
    const float *cut;
    size_t inner;
};

/// Everything about the latents first ... first + count - 1, whose weights stand at `w` as rows of `inner` floats.
/// Different panels may be packed by several threads at once.
void kernels_bound_pack(const float *w, size_t first, size_t count, const struct kernels_bound_weights *packed);

/// 8-bit rows of y.
struct kernels_bound_rows {
    /// [rows / KERNELS_BOUND_TILE, inner / 4, KERNELS_BOUND_TILE, 4], rounded up.
    int8_t *codes;
    /// [rows, blocks]: scale of each block.
    float *scales;
    /// [rows, blocks]: -128 · the sum of the block's codes.
    int32_t *sums;
    /// Per row, rounded up: ‖x‖, ‖y‖ and ‖y − ŷ‖.
    float *length, *norm, *error;
};

/// Bytes of the codes of `rows` rows.
size_t kernels_bound_row_codes(size_t rows, size_t inner);

/// Fills `out` from `rows` rows of finite floats.
void kernels_bound_encode(const struct kernels_bound_weights *weights, const float *x, size_t x_stride, size_t rows,
                          const struct kernels_bound_rows *out);

/// What one row has so far of latents that may matter.
struct kernels_candidates {
    /// Latents in ascending order, and the upper bound of each one's value; room for `count` and all that may be added, and
    /// 16 more.
    uint32_t *latents;
    float *upper;
    size_t count;
    /// The largest lower bounds, above zero: a min-heap of `held` with room for k. Not used where there is a cut.
    float *lower;
    size_t held, k;
};

/// Adds the latents first ... first + count - 1 that may be among a row's k largest values above zero, or above their
/// cut. `first` is a multiple of KERNELS_BOUND_PANEL. A latent whose bounds are not finite is added. `scratch` has room
/// for rows · (KERNELS_BOUND_PANEL + 1) floats.
void kernels_bound_select(const struct kernels_bound_weights *weights, size_t first, size_t count,
                          const struct kernels_bound_rows *x, size_t rows, float *scratch,
                          struct kernels_candidates *candidates);

/// A weight and a row that are to be looked at more closely, and where the outcome goes.
struct kernels_bound_pair {
    uint32_t latent, row, slot;
};

/// Rows of x as 16-bit floats, half as much to read as float32.
struct kernels_half_rows {
    /// [rows, stride]: x̂ / scale of the row; stride is kernels_half_stride(inner).
    uint16_t *halves;
    /// Per row, a power of two, and ‖x − x̂‖ rounded up.
    float *scale, *error;
};

/// Halves from one row to the next.
size_t kernels_half_stride(size_t inner);

/// Fills `out` from `rows` rows of `inner` finite floats.
void kernels_half_encode(const float *x, size_t x_stride, size_t rows, size_t inner,
                         const struct kernels_half_rows *out);

/// Bounds of single values from products in float32: lower[slot] <= what kernels_product gives for the pair <= upper[slot],
/// with the latents' weights as rows of `inner` floats at `w` and the rows' lengths ‖x‖ in `length`. Infinities, or not
/// numbers, where something overflows.
void kernels_bound_tighten(const struct kernels_bound_weights *weights, const float *w,
                           const struct kernels_half_rows *x, const float *length,
                           const struct kernels_bound_pair *pairs, size_t count, float *lower, float *upper);

/// The k-th largest of `count` values, zero where fewer than k are above zero. `heap` has room for k.
float kernels_kth_largest(const float *values, size_t count, size_t k, float *heap);
