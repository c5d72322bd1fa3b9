// Bounds from 8-bit products; included once for processors with VNNI and once for all others, which define KERNEL and
// HAS_VNNI.
#include <math.h>
#include <string.h>

#include "bounds_table.h"

// Latents of a panel: four registers of 16 sums, each of which takes 4 steps of k at a time.
#define PANEL KERNELS_BOUND_PANEL
#define LATENTS 16
#define VECTORS (PANEL / LATENTS)
#define STEPS 4
#define TILE KERNELS_BOUND_TILE  // 24 sums, 4 weights and 1 factor in 32 registers; see product.inc.h
// Groups of steps that are unrolled.
#define GROUPS 4
// Bytes of the next panel that are fetched ahead in each group of steps: in eight tiles all of it.
#define AHEAD (PANEL * STEPS / 8)
#define LINE 64
#define ROUND_UP(n, to) (((n) + (to) - 1) / (to) * (to))
#define BLOCK KERNELS_BOUND_BLOCK
#define BLOCKS(inner) (((inner) + BLOCK - 1) / BLOCK)
#define INLINE static inline __attribute__((always_inline))
#define UNROLL _Pragma("clang loop unroll(full)")

#if HAS_VNNI
// Sums += codes · panel for one group of steps.
INLINE void KERNEL(tile_step)(const size_t rows, const int8_t *x, const uint8_t *panel, __m512i sum[TILE][VECTORS]) {
    __m512i weight[VECTORS];
    UNROLL for (size_t c = 0; c < VECTORS; c++) weight[c] = _mm512_loadu_si512(panel + c * LATENTS * STEPS);
    UNROLL for (size_t r = 0; r < rows; r++) {
        int32_t four;
        memcpy(&four, x + r * STEPS, sizeof four);
        __m512i factor = _mm512_set1_epi32(four);
        UNROLL for (size_t c = 0; c < VECTORS; c++) sum[r][c] = _mm512_dpbusd_epi32(sum[r][c], weight[c], factor);
    }
    // Nothing is loaded for later steps before these sums are made: registers are for them.
    UNROLL for (size_t r = 0; r < rows; r++)
        UNROLL for (size_t c = 0; c < VECTORS; c++) __asm__ volatile("" : "+v"(sum[r][c]) : : "memory");
}
#endif

// sums[r][l] (+)= scale_r · scales[l] · (start_r + codes_r · panel_l) over `groups` groups of STEPS steps.
INLINE void KERNEL(tile)(const size_t rows, const int8_t *x, const int32_t *start, const float *row_scales,
                         size_t blocks, const uint8_t *panel, size_t groups, const uint8_t *ahead,
                         const float *scales, bool accumulate, float *sums) {
#if HAS_VNNI
    __m512i sum[TILE][VECTORS];
    UNROLL for (size_t r = 0; r < rows; r++)
        UNROLL for (size_t c = 0; c < VECTORS; c++) sum[r][c] = _mm512_set1_epi32(start[r * blocks]);
    size_t g = 0;
    _Pragma("clang loop unroll(disable)") for (; g + GROUPS <= groups; g += GROUPS, panel += GROUPS * PANEL * STEPS) {
        UNROLL for (size_t i = 0; i < GROUPS; i++) {
            if (i * AHEAD % LINE == 0) __builtin_prefetch(ahead + i * AHEAD, 0, 2);
            KERNEL(tile_step)(rows, x + i * TILE * STEPS, panel + i * PANEL * STEPS, sum);
        }
        x += GROUPS * TILE * STEPS;
        ahead += GROUPS * AHEAD;
    }
    _Pragma("clang loop unroll(disable)") for (; g < groups; g++, x += TILE * STEPS, panel += PANEL * STEPS)
        KERNEL(tile_step)(rows, x, panel, sum);
    UNROLL for (size_t r = 0; r < rows; r++) {
        UNROLL for (size_t c = 0; c < VECTORS; c++) {
            float *to = sums + r * PANEL + c * LATENTS;
            __m512 scale = _mm512_mul_ps(_mm512_loadu_ps(scales + c * LATENTS), _mm512_set1_ps(row_scales[r * blocks]));
            __m512 before = accumulate ? _mm512_loadu_ps(to) : _mm512_setzero_ps();
            _mm512_storeu_ps(to, _mm512_fmadd_ps(_mm512_cvtepi32_ps(sum[r][c]), scale, before));
        }
    }
#else
    (void)ahead;
    for (size_t r = 0; r < rows; r++) {
        for (size_t l = 0; l < PANEL; l++) {
            int32_t sum = start[r * blocks];
            for (size_t k = 0; k < groups * STEPS; k++)
                sum += x[(k / STEPS * TILE + r) * STEPS + k % STEPS]
                       * (int32_t)panel[(k / STEPS * PANEL + l) * STEPS + k % STEPS];
            float product = (float)sum * (scales[l] * row_scales[r * blocks]);
            sums[r * PANEL + l] = accumulate ? sums[r * PANEL + l] + product : product;
        }
    }
#endif
}

static void KERNEL(tile_of)(size_t rows, const int8_t *x, const int32_t *start, const float *row_scales,
                            size_t blocks, const uint8_t *panel, size_t groups, const uint8_t *ahead,
                            const float *scales, bool accumulate, float *sums) {
#define TILE_CASE(n)                                                                                       \
    case n:                                                                                                \
        KERNEL(tile)(n, x, start, row_scales, blocks, panel, groups, ahead, scales, accumulate, sums);     \
        break;
    switch (rows) {
        TILE_CASE(1)
        TILE_CASE(2)
        TILE_CASE(3)
        TILE_CASE(4)
        TILE_CASE(5)
        TILE_CASE(6)
    }
#undef TILE_CASE
}

#define BAR(row) kernels_bar((row)->lower, (row)->held, (row)->k)

// Takes the sums of a tile's rows, which begin with `first`, and 16 latents, of which those in `valid` exist. Without a
// cut, `bars` has what each row's values must reach.
INLINE void KERNEL(take)(const bool has_cut, const struct kernels_bound_weights *w, size_t latent, uint16_t valid,
                         const float *sums, const struct kernels_bound_rows *x, size_t first, size_t rows, float *bars,
                         struct kernels_candidates *candidates) {
#if HAS_VNNI
    const __m512 slack = _mm512_maskz_loadu_ps(valid, w->slack + latent);
    const __m512 error = _mm512_maskz_loadu_ps(valid, w->error + latent);
    const __m512 norm = _mm512_maskz_loadu_ps(valid, w->norm + latent);
    const __m512 base = _mm512_maskz_loadu_ps(valid, w->base + latent);
    const __m512 cut = has_cut ? _mm512_maskz_loadu_ps(valid, w->cut + latent) : _mm512_setzero_ps();
    const __m512i latents = _mm512_add_epi32(
        _mm512_set1_epi32((int)latent), _mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15));
#endif
    for (size_t r = first; r < first + rows; r++, sums += PANEL) {
        uint16_t above = 0;
        float lower[LATENTS];
        struct kernels_candidates *row = candidates + r;
#if HAS_VNNI
        __m512 room = _mm512_fmadd_ps(_mm512_set1_ps(x->norm[r]), error, slack);
        room = _mm512_fmadd_ps(_mm512_set1_ps(x->error[r]), norm, room);
        __m512 middle = _mm512_add_ps(_mm512_loadu_ps(sums), base), upper = _mm512_add_ps(middle, room);
        // Compared as "not below", so that NaN stays in.
        uint16_t stays = has_cut ? _mm512_mask_cmp_ps_mask(valid, upper, cut, _CMP_NLE_UQ)
                                 : _mm512_mask_cmp_ps_mask(valid, upper, _mm512_set1_ps(bars[r]), _CMP_NLT_UQ);
        // Stored even if nothing stays: whether something does is unpredictable, and a mispredicted branch costs more.
        _mm512_storeu_ps(row->upper + row->count, _mm512_maskz_compress_ps(stays, upper));
        _mm512_storeu_si512(row->latents + row->count, _mm512_maskz_compress_epi32(stays, latents));
        row->count += (size_t)__builtin_popcount(stays);
        if (has_cut) continue;
        __m512 least = _mm512_sub_ps(middle, room);
        above = _mm512_mask_cmp_ps_mask(stays, least, _mm512_set1_ps(bars[r]), _CMP_GT_OQ);
        if (!above) continue;
        _mm512_storeu_ps(lower, least);
#else
        for (size_t i = 0; i < LATENTS; i++) {
            if (!(valid >> i & 1)) continue;
            size_t l = latent + i;
            float room = w->slack[l] + x->norm[r] * w->error[l] + x->error[r] * w->norm[l];
            float middle = sums[i] + w->base[l];
            if (has_cut ? middle + room <= w->cut[l] : middle + room < bars[r]) continue;
            row->upper[row->count] = middle + room;
            row->latents[row->count++] = (uint32_t)l;
            lower[i] = middle - room;
            if (!has_cut && lower[i] > bars[r]) above |= (uint16_t)(1u << i);
        }
#endif
        for (; above; above &= (uint16_t)(above - 1)) {
            float least_of_one = lower[__builtin_ctz(above)];
            if (least_of_one > BAR(row)) kernels_raise(row->lower, &row->held, row->k, least_of_one);
            bars[r] = BAR(row);
        }
    }
}

// Takes a tile's sums with the latents of a panel, of which `count` are there.
static void KERNEL(take_panel)(const struct kernels_bound_weights *w, size_t latent, size_t count, const float *sums,
                               const struct kernels_bound_rows *x, size_t first, size_t rows, float *bars,
                               struct kernels_candidates *candidates) {
    for (size_t l = 0; l < count; l += LATENTS, sums += LATENTS) {
        uint16_t valid = count - l < LATENTS ? (uint16_t)((1u << (count - l)) - 1) : 0xffff;
        if (w->cut)
            KERNEL(take)(true, w, latent + l, valid, sums, x, first, rows, bars, candidates);
        else
            KERNEL(take)(false, w, latent + l, valid, sums, x, first, rows, bars, candidates);
    }
}

static void KERNEL(select)(const struct kernels_bound_weights *w, size_t first, size_t count,
                           const struct kernels_bound_rows *x, size_t rows, float *scratch,
                           struct kernels_candidates *candidates) {
    size_t blocks = BLOCKS(w->inner), padded = ROUND_UP(w->inner, STEPS);
    float *bars = scratch + rows * PANEL;
    for (size_t row = 0; row < rows; row++) bars[row] = w->cut ? 0 : BAR(candidates + row);
    for (size_t latent = first; latent < first + count; latent += PANEL) {
        size_t here = first + count - latent < PANEL ? first + count - latent : PANEL;
        const uint8_t *panel = w->codes + latent * padded;
        const uint8_t *next = latent + PANEL < first + count ? panel + PANEL * padded : panel;
        const float *scales = w->scales + latent * blocks;
        for (size_t block = 0; block < blocks; block++) {
            size_t k = block * BLOCK, depth = padded - k < BLOCK ? padded - k : BLOCK;
            for (size_t row = 0; row < rows; row += TILE) {
                size_t tile = rows - row < TILE ? rows - row : TILE, at = row / TILE < 8 ? row / TILE : 0;
                const uint8_t *ahead = next + k * PANEL + at * depth / STEPS * AHEAD;
                float *sums = scratch + row * PANEL;
                KERNEL(tile_of)(tile, x->codes + row * padded + k * TILE, x->sums + row * blocks + block,
                                x->scales + row * blocks + block, blocks, panel + k * PANEL, depth / STEPS, ahead,
                                scales + block * PANEL, block > 0, sums);
                // Taken while the sums are in the nearest cache.
                if (block + 1 == blocks)
                    KERNEL(take_panel)(w, latent, here, sums, x, row, tile, bars, candidates);
            }
        }
    }
}

// One block of a row: codes, which go to its place in a tile, and their sum, the scale, and the squares of what is left
// out, and of x and y.
static float KERNEL(encode_block)(const float *x, const uint32_t *order, const float *centre, size_t count,
                                  int8_t *tile, int32_t *sum, double *lost, double *length, double *norm) {
#pragma clang fp reassociate(on)
    float y[BLOCK], largest = 0;
    int8_t codes[ROUND_UP(BLOCK, STEPS)];
    double all = 0, squares = 0, off = 0;
    for (size_t k = 0; k < count; k++) {
        float value = x[order[k]];
        y[k] = value - centre[k];
        all += (double)value * value;
    }
    for (size_t k = 0; k < count; k++) {
        float size = fabsf(y[k]);
        largest = size > largest ? size : largest;
    }
    float scale = largest / KERNELS_LARGEST_CODE, inverse = kernels_inverse(scale);
    int32_t total = 0;
    for (size_t k = 0; k < count; k++) {
        float near = nearbyintf(y[k] * inverse);
        near = near > KERNELS_LARGEST_CODE ? KERNELS_LARGEST_CODE : near;
        near = near < -KERNELS_LARGEST_CODE ? -KERNELS_LARGEST_CODE : near;
        codes[k] = (int8_t)(int32_t)near;
        total += (int32_t)near;
        double left = y[k] - (double)near * scale;
        off += left * left;
        squares += (double)y[k] * y[k];
    }
    for (size_t k = count; k % STEPS != 0; k++) codes[k] = 0;
    for (size_t k = 0; k < count; k += STEPS) memcpy(tile + k * TILE, codes + k, STEPS);
    *sum = -128 * total;
    *lost += off;
    *length += all;
    *norm += squares;
    return scale;
}

static void KERNEL(encode)(const struct kernels_bound_weights *w, const float *x, size_t x_stride, size_t rows,
                           const struct kernels_bound_rows *out) {
    size_t inner = w->inner, blocks = BLOCKS(inner), padded = ROUND_UP(inner, STEPS);
    for (size_t row = 0; row < rows; row++, x += x_stride) {
        int8_t *tile = out->codes + row / TILE * TILE * padded + row % TILE * STEPS;
        double lost = 0, length = 0, norm = 0;
        for (size_t block = 0; block < blocks; block++) {
            size_t from = block * BLOCK, count = inner - from < BLOCK ? inner - from : BLOCK, at = row * blocks + block;
            out->scales[at] = KERNEL(encode_block)(x, w->order + from, w->centre + from, count, tile + from * TILE,
                                                   out->sums + at, &lost, &length, &norm);
        }
        out->length[row] = kernels_root_up(length);
        out->norm[row] = kernels_root_up(norm);
        out->error[row] = kernels_root_up(lost);
    }
}

#include "halves.inc.h"

// Of one latent's weights: the squares of what codes leave out, of what they keep, and of all; and the sums with the centre.
struct KERNEL(lengths) {
    double lost, kept, all, offset, centre;
};

// One block of a latent: its codes, STEPS of them in each line of the panel, and the scale.
static float KERNEL(pack_block)(const float *w, const uint32_t *order, const float *centre, size_t count,
                                uint8_t *panel, struct KERNEL(lengths) *lengths) {
#pragma clang fp reassociate(on)
    float value[BLOCK], largest = 0;
    double lost = 0, kept = 0, all = 0, offset = 0, squares = 0;
    uint8_t codes[BLOCK];
    memset(codes, 128, sizeof codes);
    for (size_t k = 0; k < count; k++) value[k] = w[order[k]];
    for (size_t k = 0; k < count; k++) {
        float size = fabsf(value[k]);
        largest = size > largest ? size : largest;
    }
    float scale = largest / KERNELS_LARGEST_CODE, inverse = kernels_inverse(scale);
    for (size_t k = 0; k < count; k++) {
        float near = nearbyintf(value[k] * inverse);
        near = near > KERNELS_LARGEST_CODE ? KERNELS_LARGEST_CODE : near;
        near = near < -KERNELS_LARGEST_CODE ? -KERNELS_LARGEST_CODE : near;
        codes[k] = (uint8_t)((int32_t)near + 128);
        double rounded = (double)near * scale, left = value[k] - rounded;
        lost += left * left;
        kept += rounded * rounded;
        all += (double)value[k] * value[k];
        offset += (double)value[k] * centre[k];
        squares += (double)centre[k] * centre[k];
    }
    for (size_t k = 0; k < count; k += STEPS) memcpy(panel + k * PANEL, codes + k, STEPS);
    lengths->lost += lost;
    lengths->kept += kept;
    lengths->all += all;
    lengths->offset += offset;
    lengths->centre += squares;
    return scale;
}

static void KERNEL(pack)(const float *w, size_t first, size_t count, const struct kernels_bound_weights *packed) {
    size_t inner = packed->inner, padded = ROUND_UP(inner, STEPS), blocks = BLOCKS(inner);
    // Twice: for the sum from codes, and for the one that it stands for. ‖x‖ is at most ‖y‖ + ‖c‖.
    float rounding = 2.02f * kernels_rounding(inner);
    for (size_t latent = first; latent < first + count; latent++, w += inner) {
        uint8_t *codes = packed->codes + latent / PANEL * PANEL * padded + latent % PANEL * STEPS;
        float *scales = packed->scales + latent / PANEL * PANEL * blocks + latent % PANEL;
        struct KERNEL(lengths) lengths = {0};
        for (size_t block = 0; block < blocks; block++) {
            size_t from = block * BLOCK, here = inner - from < BLOCK ? inner - from : BLOCK;
            scales[block * PANEL] = KERNEL(pack_block)(w, packed->order + from, packed->centre + from, here,
                                                       codes + from * PANEL, &lengths);
        }
        float bias = packed->bias[latent], length = kernels_root_up(lengths.all);
        packed->error[latent] = kernels_root_up(lengths.lost) + rounding * length;
        packed->norm[latent] = kernels_root_up(lengths.kept);
        packed->base[latent] = (float)(bias + lengths.offset);
        packed->slack[latent] = rounding * (fabsf(bias) + length * kernels_root_up(lengths.centre)) + 1e-30f;
    }
}

const struct bounds_table KERNEL(bounds) = {
    .pack = KERNEL(pack),
    .encode = KERNEL(encode),
    .select = KERNEL(select),
    .halve = KERNEL(halve),
    .tighten = KERNEL(tighten),
};
