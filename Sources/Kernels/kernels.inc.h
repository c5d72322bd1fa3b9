// The kernels, written once on vectors of LANES floats and compiled once for each instruction set, with
// INSTRUCTION_SET and LANES defined by the including file. Sums run over LANES partial sums, so that their order depends
// on the instruction set but never on the data.
#include <math.h>
#include <string.h>

#include "table.h"

#define JOIN_(a, b) a##_##b
#define JOIN(a, b) JOIN_(a, b)
#define TEXT_(a) #a
#define TEXT(a) TEXT_(a)
#define KERNEL(name) JOIN(name, INSTRUCTION_SET)

typedef float vec __attribute__((vector_size(4 * LANES), aligned(4)));
typedef int32_t ivec __attribute__((vector_size(4 * LANES), aligned(4)));

#define LOAD(p) (*(const vec *)(p))
#define STORE(p, v) (*(vec *)(p) = (v))
#define INLINE static inline __attribute__((always_inline))
#define UNROLL _Pragma("clang loop unroll(full)")

// Loads the first n < LANES floats, zeros behind them.
#define LOAD_TAIL(v, p, n)                    \
    vec v = {0};                              \
    memcpy(&v, (p), (n) * sizeof(float))

#define SUM(v) KERNEL(sum)(&(v))
INLINE float KERNEL(sum)(const vec *v) {
    float lanes[LANES];
    memcpy(lanes, v, sizeof lanes);
    for (size_t width = LANES / 2; width > 0; width /= 2)
        for (size_t i = 0; i < width; i++) lanes[i] += lanes[i + width];
    return lanes[0];
}

// exp(x) for each lane, within 2 units in the last place for -87 <= x <= 88; smaller x give about 1e-38, larger 2^127.
// Cody-Waite reduction by ln 2 and the degree-6 minimax polynomial of Cephes' expf.
#define EXP(v) KERNEL(exponential)(&(v))
INLINE void KERNEL(exponential)(vec *inout) {
    vec x = *inout;
    const vec low = (vec){0} - 87.0f, high = (vec){0} + 88.0f;
    ivec below = x < low, above = x > high;
    x = (vec)(((ivec)x & ~below) | ((ivec)low & below));
    x = (vec)(((ivec)x & ~above) | ((ivec)high & above));
    const vec magic = (vec){0} + 12582912.0f;  // 1.5 * 2^23: adding it rounds to the nearest whole number
    vec n = x * 1.44269504088896341f + magic;
    n = n - magic;
    vec r = x - n * 0.693359375f;
    r = r - n * -2.12194440e-4f;
    vec p = r * 1.9875691500e-4f + 1.3981999507e-3f;
    p = p * r + 8.3334519073e-3f;
    p = p * r + 4.1665795894e-2f;
    p = p * r + 1.6666665459e-1f;
    p = p * r + 5.0000001201e-1f;
    p = p * r * r + r + 1.0f;
    ivec power = (__builtin_convertvector(n, ivec) + 127) << 23;
    *inout = p * (vec)power;
}

#define ROUND_UP(n, to) (((n) + (to) - 1) / (to) * (to))

#include "layout.inc.h"

#include "product.inc.h"

#include "attention.inc.h"

static void KERNEL(rms_norm)(const float *x, size_t x_stride, const float *weight, float epsilon, size_t rows,
                             size_t width, float *tiled) {
    for (size_t row = 0; row < rows; row += TILE, x += TILE * x_stride, tiled += TILE * width) {
        const float *from[TILE];
        float scale[TILE];
        KERNEL(rows_of_tile)(x, x_stride, rows - row < TILE ? rows - row : TILE, from);
        size_t i = 0;
        for (size_t r = 0; r < TILE; r++) {
            vec squares = {0};
            for (i = 0; i + LANES <= width; i += LANES) squares += LOAD(from[r] + i) * LOAD(from[r] + i);
            if (i < width) {
                LOAD_TAIL(tail, from[r] + i, width - i);
                squares += tail * tail;
            }
            scale[r] = 1.0f / sqrtf(SUM(squares) / (float)width + epsilon);
        }
        for (i = 0; i + LANES <= width; i += LANES) {
            vec values[TILE];
            UNROLL for (size_t r = 0; r < TILE; r++) values[r] = LOAD(from[r] + i) * scale[r] * LOAD(weight + i);
            KERNEL(lay)(values, tiled + i * TILE);
        }
        for (; i < width; i++)
            for (size_t r = 0; r < TILE; r++) tiled[i * TILE + r] = from[r][i] * scale[r] * weight[i];
    }
}

static void KERNEL(rotary)(float *row, size_t heads, size_t head_size, const float *cosine, const float *sine) {
    size_t half = head_size / 2;
    for (size_t head = 0; head < heads; head++, row += head_size) {
        size_t i = 0;
        for (; i + LANES <= half; i += LANES) {
            vec a = LOAD(row + i), b = LOAD(row + half + i), c = LOAD(cosine + i), s = LOAD(sine + i);
            STORE(row + i, a * c - b * s);
            STORE(row + half + i, b * c + a * s);
        }
        for (; i < half; i++) {
            float a = row[i], b = row[half + i];
            row[i] = a * cosine[i] - b * sine[i];
            row[half + i] = b * cosine[i] + a * sine[i];
        }
    }
}


// gate = gate / (1 + exp(-gate)) * up.
#define SWIGLU(gate, up) KERNEL(swiglu)(&(gate), &(up))
INLINE void KERNEL(swiglu)(vec *gate, const vec *up) {
    vec e = -*gate;
    EXP(e);
    *gate = *gate / (e + 1.0f) * *up;
}

static void KERNEL(silu_multiply)(const float *gate, const float *up, size_t stride, size_t rows, size_t count,
                                  size_t first, size_t inner, float *tiled) {
    tiled += first * TILE;
    for (size_t row = 0; row < rows; row += TILE, tiled += TILE * inner) {
        const float *gates[TILE], *ups[TILE];
        size_t here = rows - row < TILE ? rows - row : TILE, i = 0;
        KERNEL(rows_of_tile)(gate + row * stride, stride, here, gates);
        KERNEL(rows_of_tile)(up + row * stride, stride, here, ups);
        for (; i + LANES <= count; i += LANES) {
            vec values[TILE];
            UNROLL for (size_t r = 0; r < TILE; r++) {
                vec u = LOAD(ups[r] + i);
                values[r] = LOAD(gates[r] + i);
                SWIGLU(values[r], u);
            }
            KERNEL(lay)(values, tiled + i * TILE);
        }
        for (size_t r = 0; r < TILE && i < count; r++) {
            LOAD_TAIL(g, gates[r] + i, count - i);
            LOAD_TAIL(u, ups[r] + i, count - i);
            SWIGLU(g, u);
            for (size_t k = i; k < count; k++) tiled[k * TILE + r] = g[k - i];
        }
    }
}

static bool KERNEL(all_finite)(const float *x, size_t count) {
    // x - x is zero for finite x and not a number otherwise.
    vec wrong = {0};
    size_t i = 0;
    for (; i + LANES <= count; i += LANES) wrong += LOAD(x + i) - LOAD(x + i);
    float rest = SUM(wrong);
    for (; i < count; i++) rest += x[i] - x[i];
    return rest == 0.0f;
}

static void KERNEL(subtract)(const float *x, const float *y, size_t count, float *out) {
    size_t i = 0;
    for (; i + LANES <= count; i += LANES) STORE(out + i, LOAD(x + i) - LOAD(y + i));
    for (; i < count; i++) out[i] = x[i] - y[i];
}

static void KERNEL(add_to_rows)(const float *row, size_t count, size_t rows, float *out, size_t out_stride) {
    for (size_t r = 0; r < rows; r++, out += out_stride) {
        size_t i = 0;
        for (; i + LANES <= count; i += LANES) STORE(out + i, LOAD(out + i) + LOAD(row + i));
        for (; i < count; i++) out[i] += row[i];
    }
}

// True if the entry (a, i) stands nearer to the heap's root than (b, j): smaller value, or the same and a higher latent.
#define WEAKER(a, i, b, j) ((a) < (b) || ((a) == (b) && (i) > (j)))

static void KERNEL(sift_down)(float *values, uint32_t *latents, size_t held, float value, uint32_t latent) {
    size_t at = 0;
    for (;;) {
        size_t child = 2 * at + 1;
        if (child >= held) break;
        if (child + 1 < held && WEAKER(values[child + 1], latents[child + 1], values[child], latents[child])) child++;
        if (!WEAKER(values[child], latents[child], value, latent)) break;
        values[at] = values[child];
        latents[at] = latents[child];
        at = child;
    }
    values[at] = value;
    latents[at] = latent;
}

static void KERNEL(sift_up)(float *values, uint32_t *latents, size_t at, float value, uint32_t latent) {
    while (at > 0) {
        size_t parent = (at - 1) / 2;
        if (!WEAKER(value, latent, values[parent], latents[parent])) break;
        values[at] = values[parent];
        latents[at] = latents[parent];
        at = parent;
    }
    values[at] = value;
    latents[at] = latent;
}

static size_t KERNEL(top_k)(const float *z, size_t count, uint32_t first, size_t k, float *values, uint32_t *latents,
                            size_t held) {
    float bar = held == k ? values[0] : 0.0f;
    for (size_t i = 0; i < count; i += LANES) {
        size_t end = i + LANES;
        if (end <= count) {
            if (!__builtin_reduce_or((ivec)(LOAD(z + i) > (vec){0} + bar))) continue;
        } else {
            end = count;
        }
        for (size_t j = i; j < end; j++) {
            // Latents arrive in ascending order, so that an equal value never displaces one that is held.
            if (!(z[j] > bar)) continue;
            if (held < k) {
                KERNEL(sift_up)(values, latents, held, z[j], first + (uint32_t)j);
                held++;
            } else {
                KERNEL(sift_down)(values, latents, held, z[j], first + (uint32_t)j);
            }
            if (held == k) bar = values[0];
        }
    }
    return held;
}

static size_t KERNEL(above)(const float *z, const float *threshold, size_t count, uint32_t first, float *values,
                            uint32_t *latents) {
    size_t found = 0;
    for (size_t i = 0; i < count; i += LANES) {
        size_t end = i + LANES;
        if (end <= count) {
            ivec active = LOAD(z + i) > (vec){0};
            if (threshold) active &= LOAD(z + i) > LOAD(threshold + i);
            if (!__builtin_reduce_or(active)) continue;
        } else {
            end = count;
        }
        for (size_t j = i; j < end; j++) {
            if (!(z[j] > 0.0f) || (threshold && !(z[j] > threshold[j]))) continue;
            values[found] = z[j];
            latents[found++] = first + (uint32_t)j;
        }
    }
    return found;
}

static void KERNEL(gated)(float *z, const float *gate_bias, const float *magnitude, const float *magnitude_bias,
                          size_t count) {
    for (size_t i = 0; i < count; i++)
        z[i] = z[i] + gate_bias[i] > 0.0f ? z[i] * magnitude[i] + magnitude_bias[i] : 0.0f;
}

static void KERNEL(scale_to_norm)(float *x, size_t width) {
    double squares = 0;
    for (size_t i = 0; i < width; i++) squares += (double)x[i] * x[i];
    if (squares == 0) return;
    float factor = (float)sqrt((double)width / squares);
    for (size_t i = 0; i < width; i++) x[i] *= factor;
}

static void KERNEL(standardise)(float *x, size_t width) {
    double sum = 0, squares = 0;
    for (size_t i = 0; i < width; i++) sum += x[i];
    double mean = sum / (double)width;
    for (size_t i = 0; i < width; i++) squares += (x[i] - mean) * (x[i] - mean);
    double deviation = sqrt(squares / (double)(width - 1));
    for (size_t i = 0; i < width; i++) x[i] = (float)((x[i] - mean) / (deviation + 1e-5));
}


const struct kernel_table JOIN(kernels, INSTRUCTION_SET) = {
    .instruction_set = TEXT(INSTRUCTION_SET),
    .rms_norm = KERNEL(rms_norm),
    .rotary = KERNEL(rotary),
    .attention_pack = KERNEL(attention_pack),
    .attention = KERNEL(attention),
    .silu_multiply = KERNEL(silu_multiply),
    .all_finite = KERNEL(all_finite),
    .subtract = KERNEL(subtract),
    .add_to_rows = KERNEL(add_to_rows),
    .top_k = KERNEL(top_k),
    .above = KERNEL(above),
    .gated = KERNEL(gated),
    .scale_to_norm = KERNEL(scale_to_norm),
    .standardise = KERNEL(standardise),
    .packed_count = KERNEL(packed_count),
    .pack_rows = KERNEL(pack_rows),
    .pack_columns = KERNEL(pack_columns),
    .tile = TILE,
    .tile_rows = KERNEL(tile_rows),
    .product = KERNEL(product),
    .product_columns = KERNEL(product_columns),
};
