/// Float kernels of the forward pass and of dictionary encoding.
///
/// Every function runs on one thread and picks the widest instruction set of the machine (AVX-512, AVX2 with FMA, or
/// plain vectors) on first use. Results depend on the arguments and on the instruction set alone. All matrices are
/// row-major; strides count floats. Pointers need no alignment beyond a float's.
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bounds.h"
#include "elementary.h"
#include "product.h"
#include "threads.h"
#include "widen.h"

/// The instruction set in use: "avx512", "avx2" or "portable". The environment variable ACTDIFF_KERNELS may name a narrower
/// one than the processor's widest, to get the very bits of another machine.
const char *kernels_instruction_set(void);

/// False if ACTDIFF_KERNELS names something that this processor cannot run; the widest is used then.
bool kernels_request_is_met(void);

/// RMSNorm of `rows` rows, tiled for a product: x / sqrt(mean(x^2) + epsilon) * weight.
void kernels_rms_norm(const float *x, size_t x_stride, const float *weight, float epsilon, size_t rows, size_t width,
                      float *tiled);

/// Rotates `heads` heads of one row in place (Hugging Face layout: the two halves of a head form the pairs).
/// `cosine` and `sine` hold head_size / 2 values of the row's position.
void kernels_rotary(float *row, size_t heads, size_t head_size, const float *cosine, const float *sine);

/// Floats of scratch that attention needs for sequences of up to `length` tokens.
size_t kernels_attention_scratch(size_t length, size_t head_size);

/// Packs the keys and values of one head for the `count` tokens of a sequence from position `first` on, where
/// kernels_attention reads them. k and v hold one head a row. `length` is the one that `scratch` was made for, and the
/// same in all calls; what is packed for other positions stays.
void kernels_attention_pack(const float *k, const float *v, size_t stride, size_t first, size_t count,
                            size_t head_size, size_t length, float *scratch);

/// Causal attention of the query heads that share one key and value head, for the `count` tokens of a sequence from
/// position `start` on; keys and values of all positions up to the last of them are packed in `scratch`.
///
/// q and out hold `group` adjacent heads a row, and their first row is that of position `start`. Token i attends to
/// tokens max(0, i - window + 1) ... i, to all up to i where window is 0. Scores are scaled by `scale`. A token's
/// output does not depend on which others are asked for with it.
void kernels_attention(const float *q, size_t q_stride, float *out, size_t out_stride, size_t start, size_t count,
                       size_t group, size_t head_size, size_t window, float scale, size_t length, float *scratch);

/// SwiGLU of `count` columns of some rows, gate / (1 + exp(-gate)) * up: the values first ... first + count - 1 of tiled
/// rows of `inner`.
void kernels_silu_multiply(const float *gate, const float *up, size_t stride, size_t rows, size_t count, size_t first,
                           size_t inner, float *tiled);

/// True if all values are finite.
bool kernels_all_finite(const float *x, size_t count);

/// out = x - y.
void kernels_subtract(const float *x, const float *y, size_t count, float *out);

/// out = out + row, for each of `rows` rows of `count` floats.
void kernels_add_to_rows(const float *row, size_t count, size_t rows, float *out, size_t out_stride);

/// The `k` largest positive values of a row of which `count` values arrive now, for latents first ... first + count - 1.
///
/// `values` and `latents` have room for k entries, of which `held` are in use (0 before the first call). They form a
/// min-heap by (value, then higher latent first), so that among equal values the lower latent stays. Values of zero and
/// below never enter. Returns the new number of entries in use.
size_t kernels_top_k(const float *z, size_t count, uint32_t first, size_t k, float *values, uint32_t *latents,
                     size_t held);

/// Entries of a row that are above their latent's threshold and above zero, in ascending order; threshold may be NULL.
/// `values` and `latents` have room for `count` entries. Returns how many there are.
size_t kernels_above(const float *z, const float *threshold, size_t count, uint32_t first, float *values,
                     uint32_t *latents);

/// A gated SAE's activations from z = x · W_enc, in place: z = z + gate_bias > 0 ? z * magnitude + magnitude_bias : 0.
void kernels_gated(float *z, const float *gate_bias, const float *magnitude, const float *magnitude_bias, size_t count);

/// Scales a row to the length sqrt(width); one of length zero stays.
void kernels_scale_to_norm(float *x, size_t width);

/// Standardises a row: (x - mean) / (standard deviation + 1e-5), the deviation with width - 1 in the denominator.
void kernels_standardise(float *x, size_t width);
