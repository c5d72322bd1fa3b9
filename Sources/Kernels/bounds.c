// Packing for bounds.h, and the choice between processors with and without VNNI.
#include <math.h>
#include <string.h>

#include "bounds_table.h"

#define PANEL 32
#define STEPS 4
#define BLOCK KERNELS_BOUND_BLOCK
#define ROUND_UP(n, to) (((n) + (to) - 1) / (to) * (to))
#define BLOCKS(inner) (((inner) + BLOCK - 1) / BLOCK)
#define LARGEST_CODE 127

bool kernels_bounds_are_fast(void) {
#if defined(__x86_64__)
    return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq")
           && __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512vnni");
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

// A line more than needed, so that rows do not stand a power of two apart.
size_t kernels_bound_stride(size_t inner) { return ROUND_UP(inner, 64) + 64; }

// A float that is not below the square root.
static float root_up(double square) { return (float)(sqrt(square) * (1 + 1e-6)); }

// What `count` values are divided by so that they fit 8 bits; zero if they are all zero.
static float scale_of(const float *values, size_t count) {
    float largest = 0;
    for (size_t i = 0; i < count; i++) largest = fmaxf(largest, fabsf(values[i]));
    return largest / LARGEST_CODE;
}

static int32_t code_of(float value, float scale) {
    if (scale == 0) return 0;
    float code = nearbyintf(value / scale);
    return (int32_t)fminf(fmaxf(code, -LARGEST_CODE), LARGEST_CODE);
}

static void pack_one(const float *w, size_t latent, const struct kernels_bound_weights *packed) {
    size_t inner = packed->inner, padded = ROUND_UP(inner, STEPS), blocks = BLOCKS(inner);
    uint8_t *codes = packed->codes + latent / PANEL * PANEL * padded + latent % PANEL * STEPS;
    float *scales = packed->scales + latent / PANEL * PANEL * blocks + latent % PANEL;
    double lost = 0, kept = 0, all = 0;
    for (size_t k = 0; k < padded; k++) codes[k / STEPS * PANEL * STEPS + k % STEPS] = 128;
    for (size_t from = 0; from < inner; from += BLOCK) {
        size_t to = inner - from < BLOCK ? inner : from + BLOCK;
        float scale = scale_of(w + from, to - from);
        scales[from / BLOCK * PANEL] = scale;
        for (size_t k = from; k < to; k++) {
            int32_t code = code_of(w[k], scale);
            codes[k / STEPS * PANEL * STEPS + k % STEPS] = (uint8_t)(code + 128);
            double rounded = (double)code * scale, off = w[k] - rounded;
            lost += off * off;
            kept += rounded * rounded;
            all += (double)w[k] * w[k];
        }
    }
    float rounding = kernels_rounding(inner);
    packed->error[latent] = root_up(lost) + 1.01f * rounding * root_up(all);
    packed->norm[latent] = root_up(kept);
    packed->slack[latent] = 1.01f * rounding * fabsf(packed->bias[latent]) + 1e-30f;
}

void kernels_bound_pack(const float *w, size_t first, size_t count, const struct kernels_bound_weights *packed) {
    for (size_t i = 0; i < count; i++) pack_one(w + i * packed->inner, first + i, packed);
}

void kernels_bound_encode(const float *x, size_t x_stride, size_t rows, size_t inner,
                          const struct kernels_bound_rows *out) {
    size_t blocks = BLOCKS(inner), stride = kernels_bound_stride(inner);
    for (size_t row = 0; row < rows; row++, x += x_stride) {
        int8_t *codes = out->codes + row * stride;
        memset(codes, 0, stride);
        double lost = 0, all = 0;
        for (size_t block = 0; block < blocks; block++) {
            size_t from = block * BLOCK, to = inner - from < BLOCK ? inner : from + BLOCK;
            float scale = scale_of(x + from, to - from);
            int32_t sum = 0;
            for (size_t k = from; k < to; k++) {
                int32_t code = code_of(x[k], scale);
                codes[k] = (int8_t)code;
                sum += code;
                double off = x[k] - (double)code * scale;
                lost += off * off;
                all += (double)x[k] * x[k];
            }
            out->scales[row * blocks + block] = scale;
            out->sums[row * blocks + block] = -128 * sum;
        }
        out->norm[row] = root_up(all);
        out->error[row] = root_up(lost);
    }
}

void kernels_bound_select(const struct kernels_bound_weights *weights, size_t first, size_t count,
                          const struct kernels_bound_rows *x, size_t rows, float *scratch,
                          struct kernels_candidates *candidates) {
    chosen()->select(weights, first, count, x, rows, scratch, candidates);
}

void kernels_bound_tighten(const struct kernels_bound_weights *weights, const float *w, const float *x, size_t x_stride,
                           const float *norm, const struct kernels_bound_pair *pairs, size_t count, float *lower,
                           float *upper) {
    chosen()->tighten(weights, w, x, x_stride, norm, pairs, count, lower, upper);
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
