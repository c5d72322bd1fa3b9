// Picks the table once; every public function goes through it.
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "table.h"

// The tables that this processor can run, widest first; returns how many.
static size_t supported(const struct kernel_table *tables[3]) {
    size_t count = 0;
#if defined(__x86_64__)
    if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq")
        && __builtin_cpu_supports("avx512vl"))
        tables[count++] = &kernels_avx512;
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) tables[count++] = &kernels_avx2;
#endif
    tables[count++] = &kernels_portable;
    return count;
}

// The one that ACTDIFF_KERNELS names; NULL if it names none that can be run.
static const struct kernel_table *requested(const char *name) {
    const struct kernel_table *tables[3];
    size_t count = supported(tables);
    for (size_t i = 0; i < count; i++)
        if (strcmp(tables[i]->instruction_set, name) == 0) return tables[i];
    return NULL;
}

static const struct kernel_table *chosen(void) {
    // Threads that come at the same time find the same.
    static _Atomic(const struct kernel_table *) table;
    const struct kernel_table *known = atomic_load_explicit(&table, memory_order_relaxed);
    if (known) return known;
    const char *name = getenv("ACTDIFF_KERNELS");
    const struct kernel_table *tables[3], *named = name ? requested(name) : NULL;
    supported(tables);
    known = named ? named : tables[0];
    atomic_store_explicit(&table, known, memory_order_relaxed);
    return known;
}

bool kernels_request_is_met(void) {
    const char *name = getenv("ACTDIFF_KERNELS");
    return !name || requested(name);
}

const char *kernels_instruction_set(void) { return chosen()->instruction_set; }

void kernels_rms_norm(const float *x, size_t x_stride, const float *weight, float epsilon, size_t rows, size_t width,
                      float *tiled) {
    chosen()->rms_norm(x, x_stride, weight, epsilon, rows, width, tiled);
}

void kernels_rotary(float *row, size_t heads, size_t head_size, const float *cosine, const float *sine) {
    chosen()->rotary(row, heads, head_size, cosine, sine);
}

size_t kernels_attention_scratch(size_t length, size_t head_size) {
    // Key tiles, padded values, and a block of scores, sums and a query for each of up to 16 rows; 64 covers the rounding
    // of every instruction set.
    size_t padded = length + 64, width = head_size + 64;
    return padded * (head_size + width) + 16 * (256 + width + head_size);
}

void kernels_attention_pack(const float *k, const float *v, size_t stride, size_t first, size_t count,
                            size_t head_size, size_t length, float *scratch) {
    chosen()->attention_pack(k, v, stride, first, count, head_size, length, scratch);
}

void kernels_attention(const float *q, size_t q_stride, float *out, size_t out_stride, size_t start, size_t count,
                       size_t group, size_t head_size, size_t window, float scale, size_t length, float *scratch) {
    chosen()->attention(q, q_stride, out, out_stride, start, count, group, head_size, window, scale, length, scratch);
}

void kernels_silu_multiply(const float *gate, const float *up, size_t stride, size_t rows, size_t count, size_t first,
                           size_t inner, float *tiled) {
    chosen()->silu_multiply(gate, up, stride, rows, count, first, inner, tiled);
}

bool kernels_all_finite(const float *x, size_t count) { return chosen()->all_finite(x, count); }

void kernels_subtract(const float *x, const float *y, size_t count, float *out) {
    chosen()->subtract(x, y, count, out);
}

void kernels_add_to_rows(const float *row, size_t count, size_t rows, float *out, size_t out_stride) {
    chosen()->add_to_rows(row, count, rows, out, out_stride);
}

size_t kernels_top_k(const float *z, size_t count, uint32_t first, size_t k, float *values, uint32_t *latents,
                     size_t held) {
    return chosen()->top_k(z, count, first, k, values, latents, held);
}

size_t kernels_above(const float *z, const float *threshold, size_t count, uint32_t first, float *values,
                     uint32_t *latents) {
    return chosen()->above(z, threshold, count, first, values, latents);
}

void kernels_gated(float *z, const float *gate_bias, const float *magnitude, const float *magnitude_bias,
                   size_t count) {
    chosen()->gated(z, gate_bias, magnitude, magnitude_bias, count);
}

void kernels_scale_to_norm(float *x, size_t width) { chosen()->scale_to_norm(x, width); }

void kernels_standardise(float *x, size_t width) { chosen()->standardise(x, width); }

size_t kernels_packed_count(size_t columns, size_t inner) { return chosen()->packed_count(columns, inner); }

void kernels_pack_rows(const float *w, size_t stride, size_t first, size_t count, size_t inner, float *packed) {
    chosen()->pack_rows(w, stride, first, count, inner, packed);
}

void kernels_pack_columns(const float *w, size_t stride, size_t first, size_t count, size_t inner, float *packed) {
    chosen()->pack_columns(w, stride, first, count, inner, packed);
}

size_t kernels_tile(void) { return chosen()->tile; }

size_t kernels_tiled_count(size_t rows, size_t inner) {
    size_t tile = chosen()->tile;
    return (rows + tile - 1) / tile * tile * inner;
}

void kernels_tile_rows(const float *x, size_t stride, size_t rows, size_t inner, float *tiled) {
    chosen()->tile_rows(x, stride, rows, inner, tiled);
}

void kernels_product(const float *tiled, size_t rows, const float *packed, size_t columns, size_t inner,
                     const float *following, const float *bias, bool accumulate, float *out, size_t out_stride) {
    chosen()->product(tiled, rows, packed, columns, inner, following, bias, accumulate, out, out_stride);
}

void kernels_product_columns(const float *x, const float *const *w, size_t columns, size_t inner, const float *start,
                             float *out) {
    chosen()->product_columns(x, w, columns, inner, start, out);
}
