/// Matrix products of rows and weights that were laid out for the instruction set in use.
///
/// out [rows, columns] = x [rows, inner] · wᵀ with w [columns, inner]. Each sum is added up in the order of `inner`, in
/// blocks of 128, of fused multiply-adds where the machine has them: it does not depend on what other rows and columns
/// there are.
#pragma once
#include <stdbool.h>
#include <stddef.h>

/// Floats of packed weights; zeros to begin with.
size_t kernels_packed_count(size_t columns, size_t inner);

/// Packs rows first ... first + count - 1 of w, which stand at `w` with `stride` floats from row to row. Different rows
/// may be packed by several threads at once.
void kernels_pack_rows(const float *w, size_t stride, size_t first, size_t count, size_t inner, float *packed);

/// The same for transposed weights: [inner, count], with `stride` floats from one k to the next.
void kernels_pack_columns(const float *w, size_t stride, size_t first, size_t count, size_t inner, float *packed);

/// Rows of x that stand together: tiled rows are [rows / tile, inner, tile], rounded up.
size_t kernels_tile(void);

/// Floats of `rows` tiled rows.
size_t kernels_tiled_count(size_t rows, size_t inner);

/// Lays rows of x out as tiled rows.
void kernels_tile_rows(const float *x, size_t stride, size_t rows, size_t inner, float *tiled);

/// The product of tiled rows with packed weights. Sums begin with what is in `out` where `accumulate`, else with `bias` (one
/// float a column), else with zero where bias is NULL. Rows of `out` that stand a multiple of 4 KiB apart are slow.
/// `following` are packed weights of as many steps that will be wanted next, which are fetched ahead, or NULL.
void kernels_product(const float *tiled, size_t rows, const float *packed, size_t columns, size_t inner,
                     const float *following, const float *bias, bool accumulate, float *out, size_t out_stride);

/// The same sums for one row of x and a few columns, whose weights stand unpacked at w[0], w[1] ...: out[c] = start[c] +
/// x · w[c], bit for bit what kernels_product gives with start as bias.
void kernels_product_columns(const float *x, const float *const *w, size_t columns, size_t inner, const float *start,
                             float *out);
