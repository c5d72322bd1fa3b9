// Narrow bounds of single values, from products in float32 with rows as 16-bit floats; part of bounds.inc.h.

// x / scale as halves, with a power of two as scale: the largest of a row becomes 2^14 to 2^15, so that halves, whose
// exponents reach from 2^15 down to 2^-14, leave out as little as they can.
static void KERNEL(halve)(const float *x, size_t x_stride, size_t rows, size_t inner,
                          const struct kernels_half_rows *out) {
#pragma clang fp reassociate(on)
    size_t stride = kernels_half_stride(inner);
    for (size_t row = 0; row < rows; row++, x += x_stride) {
        _Float16 *halves = (_Float16 *)out->halves + row * stride;
        float largest = 0;
        for (size_t k = 0; k < inner; k++) {
            float size = fabsf(x[k]);
            largest = size > largest ? size : largest;
        }
        // If all numbers are so small that the inverse of the scale would overflow, they become zeros.
        int exponent = largest > 0x1p-100f ? ilogbf(largest) - 14 : 0;
        float scale = ldexpf(1, exponent), inverse = ldexpf(1, -exponent);
        double lost = 0;
        for (size_t k = 0; k < inner; k++) {
            halves[k] = (_Float16)(x[k] * inverse);
            double left = (double)x[k] - (double)((float)halves[k] * scale);
            lost += left * left;
        }
        out->scale[row] = scale;
        out->error[row] = kernels_root_up(lost);
    }
}

#if HAS_VNNI
#define SUMS 8
#define LANES 16
#else
#define SUMS 4
#define LANES 4
#endif
typedef float vec __attribute__((vector_size(4 * LANES), aligned(4)));
typedef _Float16 half_vec __attribute__((vector_size(2 * LANES), aligned(2)));

// w · x in some order. What the next product needs is fetched meanwhile; NULL for weights that are there.
INLINE float KERNEL(dot)(const float *w, const _Float16 *x, size_t inner, const float *next_w, const _Float16 *next_x) {
    vec sum[SUMS];
    UNROLL for (size_t i = 0; i < SUMS; i++) sum[i] = (vec){0};
    size_t k = 0;
    for (; k + SUMS * LANES <= inner; k += SUMS * LANES)
        UNROLL for (size_t i = 0; i < SUMS; i++) {
            size_t at = k + i * LANES;
            if (next_w) __builtin_prefetch(next_w + at, 0, 2);
            if (i % 2 == 0) __builtin_prefetch(next_x + at, 0, 2);
            sum[i] += *(const vec *)(w + at) * __builtin_convertvector(*(const half_vec *)(x + at), vec);
        }
    UNROLL for (size_t i = 1; i < SUMS; i++) sum[0] += sum[i];
    float total = 0;
    for (size_t i = 0; i < LANES; i++) total += sum[0][i];
    for (; k < inner; k++) total += w[k] * (float)x[k];
    return total;
}

static void KERNEL(tighten)(const struct kernels_bound_weights *weights, const float *w,
                            const struct kernels_half_rows *x, const float *length,
                            const struct kernels_bound_pair *pairs, size_t count, float *lower, float *upper) {
    size_t inner = weights->inner, stride = kernels_half_stride(inner);
    const _Float16 *halves = (const _Float16 *)x->halves;
    float rounding = 2.01f * kernels_rounding(inner);
    for (size_t i = 0; i < count; i++) {
        struct kernels_bound_pair pair = pairs[i], next = pairs[i + 1 < count ? i + 1 : i];
        size_t l = pair.latent, row = pair.row;
        const float *own = w + l * inner;
        const _Float16 *x_row = halves + row * stride, *next_row = halves + next.row * stride;
        float product = next.latent == l ? KERNEL(dot)(own, x_row, inner, NULL, next_row)
                                         : KERNEL(dot)(own, x_row, inner, w + next.latent * inner, next_row);
        float value = product * x->scale[row] + weights->bias[l];
        // Rounding twice: this value may be off, and the one that it is compared with. ‖w‖ is not above ‖ŵ‖ + ‖w − ŵ‖, and
        // ‖x̂‖ not above ‖x‖ + ‖x − x̂‖.
        float norm = weights->norm[l] + weights->error[l], error = x->error[row];
        float room = 1.01f * norm * (rounding * (length[row] + error) + error) + 2.01f * weights->slack[l];
        // The scaled product may overflow where the real one does not: nothing is known then.
        if (!(fabsf(value) < INFINITY)) room = INFINITY, value = 0;
        lower[pair.slot] = value - room;
        upper[pair.slot] = value + room;
    }
}
