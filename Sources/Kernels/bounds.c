// Packing for bounds.h, and the choice between processors with and without VNNI.
#include <string.h>

#include "bounds_table.h"
#include "include/Kernels.h"

#define PANEL KERNELS_BOUND_PANEL
#define STEPS 4
#define BLOCK KERNELS_BOUND_BLOCK
#define ROUND_UP(n, to) (((n) + (to) - 1) / (to) * (to))
#define BLOCKS(inner) (((inner) + BLOCK - 1) / BLOCK)

bool kernels_bounds_are_fast(void) {
#if defined(__x86_64__)
    return strcmp(kernels_instruction_set(), "avx512") == 0 && __builtin_cpu_supports("avx512vnni");
#else
    return false;
#endif
}

static const struct bounds_table *chosen(void) {
#if defined(__x86_64__)
    if (kernels_bounds_are_fast()) return &bounds_vnni;
#endif
    return &bounds_portable;
}

// A sum of n terms in any order is off by less than n · 2^-24 times the sum of their magnitudes (Higham, Accuracy and
// Stability of Numerical Algorithms, 4.2), for products of n factors of (1 + 2^-24). The longest chains: 128 and one
// addition a block of 128 (kernels_product), inner / 16 and what is left over (kernels_dot); the rest is for the bias, the
// bounds' own arithmetic, and ‖ŵ‖ ‖x̂‖, which may be a little above ‖w‖ ‖x‖.
float kernels_rounding(size_t inner) { return (float)(1.1 * (double)(inner / 16 + 384) * 0x1p-24); }

size_t kernels_bound_codes(size_t latents, size_t inner) { return ROUND_UP(latents, PANEL) * ROUND_UP(inner, STEPS); }

size_t kernels_bound_scales(size_t latents, size_t inner) { return ROUND_UP(latents, PANEL) * BLOCKS(inner); }

size_t kernels_bound_row_codes(size_t rows, size_t inner) {
    return ROUND_UP(rows, KERNELS_BOUND_TILE) * ROUND_UP(inner, STEPS);
}

void kernels_bound_pack(const float *w, size_t first, size_t count, const struct kernels_bound_weights *packed) {
    chosen()->pack(w, first, count, packed);
}

void kernels_bound_encode(const struct kernels_bound_weights *weights, const float *x, size_t x_stride, size_t rows,
                          const struct kernels_bound_rows *out) {
    chosen()->encode(weights, x, x_stride, rows, out);
}

void kernels_bound_select(const struct kernels_bound_weights *weights, size_t first, size_t count,
                          const struct kernels_bound_rows *x, size_t rows, float *scratch,
                          struct kernels_candidates *candidates) {
    chosen()->select(weights, first, count, x, rows, scratch, candidates);
}

// Whole registers, and a line more than needed.
size_t kernels_half_stride(size_t inner) { return ROUND_UP(inner, 32) + 32; }

void kernels_half_encode(const float *x, size_t x_stride, size_t rows, size_t inner,
                         const struct kernels_half_rows *out) {
    chosen()->halve(x, x_stride, rows, inner, out);
}

void kernels_bound_tighten(const struct kernels_bound_weights *weights, const float *w,
                           const struct kernels_half_rows *x, const float *length,
                           const struct kernels_bound_pair *pairs, size_t count, float *lower, float *upper) {
    chosen()->tighten(weights, w, x, length, pairs, count, lower, upper);
}

float kernels_kth_largest(const float *values, size_t count, size_t k, float *heap) {
    size_t held = 0;
    float bar = 0;
    for (size_t i = 0; i < count; i++) {
        if (!(values[i] > bar)) continue;
        kernels_raise(heap, &held, k, values[i]);
        bar = kernels_bar(heap, held, k);
    }
    return bar;
}
