// Products of tiled rows with packed weights; part of kernels.inc.h.
//
// A tile by one panel (layout.inc.h) stays in registers for BLOCK steps of k, which begin at zero; then it is added to
// the sums so far. So every sum is made of the same additions in the same order, whatever the number of rows,
// columns, panels and threads around it, and short chains keep what rounding adds up to small.
//
// Tiles are nearly square and steps unrolled, because that takes the fewest instructions for a multiply-add: 34 for 24
// with AVX-512. Rented machines share cores, and another thread takes part of the decoders. Few places are read in a
// step, for rows that stand apart are slower. docs/engine.md has the measurements.

// Steps of k in a chain: its part of a panel stays in the first-level cache for all rows.
#define BLOCK 128
// Steps of k for which the rows of a piece stay in the second-level cache; a multiple of BLOCK.
#define DEPTH 1024
#define LINE 64
// Steps of k that are unrolled.
#define STEPS 16
// Bytes of the next panel that are fetched ahead in each step of k: in eight tiles all of it.
#define AHEAD (PANEL * sizeof(float) / 8)

// Keeps the compiler from loading for later steps before this one's additions are made: registers are for sums, and it
// would put some of them on the stack.
#if defined(__x86_64__) && LANES == 16
#define HOLD(v) __asm__ volatile("" : "+v"(v) : : "memory")
#elif defined(__x86_64__)
#define HOLD(v) __asm__ volatile("" : "+x"(v) : : "memory")
#else
#define HOLD(v) (void)(v)
#endif

// sums += x[r] * panel for one k; the rows' factors stand x_stride floats apart.
INLINE void KERNEL(tile_step)(const size_t rows, const size_t vectors, const float *x, size_t x_stride,
                              const float *panel, vec sum[TILE][VECTORS]) {
    vec weight[VECTORS];
    UNROLL for (size_t c = 0; c < vectors; c++) weight[c] = LOAD(panel + c * LANES);
    UNROLL for (size_t r = 0; r < rows; r++) {
        float factor = x[r * x_stride];
        UNROLL for (size_t c = 0; c < vectors; c++) sum[r][c] += factor * weight[c];
    }
    UNROLL for (size_t r = 0; r < rows; r++)
        UNROLL for (size_t c = 0; c < vectors; c++) HOLD(sum[r][c]);
}

// out = start + x * panel for a fixed number of a tile's rows and of the panel's vectors, and one block. Start is a row,
// out itself, or zero.
INLINE void KERNEL(tile)(const size_t rows, const size_t vectors, const float *x, const float *panel, size_t inner,
                         const char *ahead, const float *start, size_t start_stride, float *out, size_t out_stride) {
    vec sum[TILE][VECTORS];
    UNROLL for (size_t r = 0; r < rows; r++)
        UNROLL for (size_t c = 0; c < vectors; c++) sum[r][c] = (vec){0};
    size_t k = 0;
    _Pragma("clang loop unroll(disable)") for (; k + STEPS <= inner; k += STEPS, panel += STEPS * PANEL) {
        UNROLL for (size_t i = 0; i < STEPS; i++) {
            if (i * AHEAD % LINE == 0) __builtin_prefetch(ahead + i * AHEAD, 0, 2);
            KERNEL(tile_step)(rows, vectors, x + i * TILE, 1, panel + i * PANEL, sum);
        }
        x += STEPS * TILE;
        ahead += STEPS * AHEAD;
    }
    _Pragma("clang loop unroll(disable)") for (; k < inner; k++, x += TILE, panel += PANEL)
        KERNEL(tile_step)(rows, vectors, x, 1, panel, sum);
    UNROLL for (size_t r = 0; r < rows; r++) {
        UNROLL for (size_t c = 0; c < vectors; c++) {
            if (start) sum[r][c] = LOAD(start + r * start_stride + c * LANES) + sum[r][c];
            STORE(out + r * out_stride + c * LANES, sum[r][c]);
        }
    }
}

// The same for any number of rows up to TILE and of vectors up to VECTORS.
static void KERNEL(tile_of)(size_t rows, size_t vectors, const float *x, const float *panel, size_t inner,
                            const char *ahead, const float *start, size_t start_stride, float *out,
                            size_t out_stride) {
#define TILE_CASE(r, v)                                                                              \
    case (r) * (VECTORS + 1) + (v):                                                                  \
        KERNEL(tile)(r, v, x, panel, inner, ahead, start, start_stride, out, out_stride);            \
        break;
#if VECTORS == 4
#define ROW_CASES(r) TILE_CASE(r, 1) TILE_CASE(r, 2) TILE_CASE(r, 3) TILE_CASE(r, 4)
#else
#define ROW_CASES(r) TILE_CASE(r, 1) TILE_CASE(r, 2)
#endif
    switch (rows * (VECTORS + 1) + vectors) {
        ROW_CASES(1)
        ROW_CASES(2)
        ROW_CASES(3)
        ROW_CASES(4)
#if TILE > 4
        ROW_CASES(5)
        ROW_CASES(6)
#endif
    }
#undef ROW_CASES
#undef TILE_CASE
}

// The same for a panel of which only `columns` columns are there: through a tile of its own, with no more vectors than
// these fill.
static void KERNEL(tile_columns)(size_t rows, size_t columns, const float *x, const float *panel, size_t inner,
                                 const float *start, size_t start_stride, float *out, size_t out_stride) {
    float tile[TILE * PANEL] = {0};
    if (start)
        for (size_t r = 0; r < rows; r++) memcpy(tile + r * PANEL, start + r * start_stride, columns * sizeof(float));
    KERNEL(tile_of)(rows, (columns + LANES - 1) / LANES, x, panel, inner, (const char *)panel, start ? tile : NULL,
                    PANEL, tile, PANEL);
    for (size_t r = 0; r < rows; r++) memcpy(out + r * out_stride, tile + r * PANEL, columns * sizeof(float));
}

// One block of k for all rows and one panel; tiles stand x_tile floats apart.
static void KERNEL(panel_block)(const float *x, size_t x_tile, size_t rows, const float *panel, size_t columns,
                                size_t inner, const char *next, const float *start, size_t start_stride, float *out,
                                size_t out_stride) {
    for (size_t row = 0; row < rows; row += TILE, x += x_tile) {
        size_t count = rows - row < TILE ? rows - row : TILE, at = row / TILE;
        const float *rows_start = start ? start + row * start_stride : NULL;
        if (columns < PANEL) {
            KERNEL(tile_columns)(count, columns, x, panel, inner, rows_start, start_stride, out + row * out_stride,
                                 out_stride);
        } else {
            const char *ahead = at < 8 ? next + at * inner * AHEAD : (const char *)panel;
            KERNEL(tile_of)(count, VECTORS, x, panel, inner, ahead, rows_start, start_stride, out + row * out_stride,
                            out_stride);
        }
    }
}

static void KERNEL(product)(const float *tiled, size_t rows, const float *packed, size_t columns, size_t inner,
                            const float *following, const float *bias, bool accumulate, float *out,
                            size_t out_stride) {
    // One round even where inner is 0, so that out is set.
    for (size_t from = 0; from == 0 || from < inner; from += DEPTH) {
        size_t to = inner - from < DEPTH ? inner : from + DEPTH;
        for (size_t column = 0; column < columns; column += PANEL) {
            size_t width = columns - column < PANEL ? columns - column : PANEL;
            const float *panel = packed + column * inner;
            const float *next = column + PANEL < columns ? panel + PANEL * inner : following ? following : panel;
            for (size_t k = from; k == from || k < to; k += BLOCK) {
                size_t depth = to - k < BLOCK ? to - k : BLOCK;
                const float *start = k > 0 || accumulate ? out + column : bias ? bias + column : NULL;
                KERNEL(panel_block)(tiled + k * TILE, inner * TILE, rows, panel + k * PANEL, width, depth,
                                    (const char *)(next + k * PANEL), start, k > 0 || accumulate ? out_stride : 0,
                                    out + column, out_stride);
            }
        }
    }
}

// The sums of single columns, whose weights stand at w[0], w[1] ...: COLUMNS chains at a time, each in the order of
// the tiles above, so that the bits are theirs.
#define COLUMNS 8
static void KERNEL(product_columns)(const float *x, const float *const *w, size_t columns, size_t inner,
                                    const float *start, float *out) {
    for (size_t column = 0; column < columns; column += COLUMNS) {
        const float *at[COLUMNS];
        float sum[COLUMNS];
        // Past the end the last column is computed again.
        for (size_t c = 0; c < COLUMNS; c++) at[c] = w[column + c < columns ? column + c : columns - 1];
        for (size_t c = 0; c < COLUMNS; c++) sum[c] = start[column + c < columns ? column + c : columns - 1];
        for (size_t k = 0; k < inner; k += BLOCK) {
            size_t end = inner - k < BLOCK ? inner : k + BLOCK;
            float chain[COLUMNS] = {0};
            for (size_t i = k; i < end; i++)
                UNROLL for (size_t c = 0; c < COLUMNS; c++) chain[c] += x[i] * at[c][i];
            UNROLL for (size_t c = 0; c < COLUMNS; c++) sum[c] = sum[c] + chain[c];
        }
        for (size_t c = 0; c < COLUMNS && column + c < columns; c++) out[column + c] = sum[c];
    }
}
