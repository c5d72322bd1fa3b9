// Products with packed weights; part of kernels.inc.h.
//
// Weights stand in panels of PANEL columns: for each k the PANEL weights of that k, zeros for columns past the last one.
// A tile of up to TILE rows by one panel stays in registers for BLOCK steps of k, which begin at zero; then it is added
// to the sums so far. So every sum is made of the same additions in the same order, whatever the number of rows,
// columns, panels and threads around it, and short chains keep what rounding adds up to small.

#define PANEL (2 * LANES)
#if LANES == 16
#define TILE 14  // 28 sums, 2 weights and 1 factor in 32 registers
#elif LANES == 8
#define TILE 6  // 12 sums, 2 weights and 1 factor in 16 registers
#else
#define TILE 4
#endif
// Steps of k in a chain: its part of a panel stays in the first-level cache for all rows.
#define BLOCK 128
// Steps of k for which the rows of a piece stay in the second-level cache; a multiple of BLOCK.
#define DEPTH 1024
// Bytes of the next panel that are fetched ahead in each step of k: in four tiles all of it.
#define AHEAD (PANEL * sizeof(float) / 4)

// out = start + x * panel for a fixed number of rows and one block; out has room for PANEL columns. Start is a row, out
// itself, or zero.
INLINE void KERNEL(tile)(const size_t rows, const float *x, size_t x_stride, const float *panel, size_t inner,
                         const char *ahead, const float *start, size_t start_stride, float *out, size_t out_stride) {
    vec sum[TILE][2];
    UNROLL for (size_t r = 0; r < rows; r++) sum[r][0] = sum[r][1] = (vec){0};
    _Pragma("clang loop unroll(disable)") for (size_t k = 0; k < inner; k++, panel += PANEL, ahead += AHEAD) {
        __builtin_prefetch(ahead, 0, 2);
        vec first = LOAD(panel), second = LOAD(panel + LANES);
        UNROLL for (size_t r = 0; r < rows; r++) {
            float factor = x[r * x_stride + k];
            sum[r][0] += factor * first;
            sum[r][1] += factor * second;
        }
    }
    UNROLL for (size_t r = 0; r < rows; r++) {
        UNROLL for (size_t c = 0; c < 2; c++) {
            if (start) sum[r][c] = LOAD(start + r * start_stride + c * LANES) + sum[r][c];
            STORE(out + r * out_stride + c * LANES, sum[r][c]);
        }
    }
}

static void KERNEL(tile_rows)(size_t rows, const float *x, size_t x_stride, const float *panel, size_t inner,
                              const char *ahead, const float *start, size_t start_stride, float *out,
                              size_t out_stride) {
#define TILE_CASE(n)                                                                                  \
    case n:                                                                                           \
        KERNEL(tile)(n, x, x_stride, panel, inner, ahead, start, start_stride, out, out_stride); \
        break;
    switch (rows) {
        TILE_CASE(1)
        TILE_CASE(2)
        TILE_CASE(3)
        TILE_CASE(4)
#if TILE > 4
        TILE_CASE(5)
        TILE_CASE(6)
#endif
#if TILE > 6
        TILE_CASE(7)
        TILE_CASE(8)
        TILE_CASE(9)
        TILE_CASE(10)
        TILE_CASE(11)
        TILE_CASE(12)
        TILE_CASE(13)
        TILE_CASE(14)
#endif
    }
#undef TILE_CASE
}

// The same for a panel of which only `columns` columns are there: through a tile of its own.
static void KERNEL(tile_columns)(size_t rows, size_t columns, const float *x, size_t x_stride, const float *panel,
                                 size_t inner, const float *start, size_t start_stride, float *out,
                                 size_t out_stride) {
    float tile[TILE * PANEL] = {0};
    if (start)
        for (size_t r = 0; r < rows; r++) memcpy(tile + r * PANEL, start + r * start_stride, columns * sizeof(float));
    KERNEL(tile_rows)(rows, x, x_stride, panel, inner, (const char *)panel, start ? tile : NULL, PANEL, tile, PANEL);
    for (size_t r = 0; r < rows; r++) memcpy(out + r * out_stride, tile + r * PANEL, columns * sizeof(float));
}

// One block of k for all rows and one panel.
static void KERNEL(panel_block)(const float *x, size_t x_stride, size_t rows, const float *panel, size_t columns,
                                size_t inner, const char *next, const float *start, size_t start_stride, float *out,
                                size_t out_stride) {
    for (size_t row = 0; row < rows; row += TILE) {
        size_t count = rows - row < TILE ? rows - row : TILE, at = row / TILE;
        const float *rows_start = start ? start + row * start_stride : NULL;
        if (columns < PANEL) {
            KERNEL(tile_columns)(count, columns, x + row * x_stride, x_stride, panel, inner, rows_start, start_stride,
                                 out + row * out_stride, out_stride);
        } else {
            const char *ahead = at < 4 ? next + at * inner * AHEAD : (const char *)panel;
            KERNEL(tile_rows)(count, x + row * x_stride, x_stride, panel, inner, ahead, rows_start, start_stride,
                              out + row * out_stride, out_stride);
        }
    }
}

static void KERNEL(product)(const float *x, size_t x_stride, size_t rows, const float *packed, size_t columns,
                            size_t inner, const float *bias, bool accumulate, float *out, size_t out_stride) {
    // One round even where inner is 0, so that out is set.
    for (size_t from = 0; from == 0 || from < inner; from += DEPTH) {
        size_t to = inner - from < DEPTH ? inner : from + DEPTH;
        for (size_t column = 0; column < columns; column += PANEL) {
            size_t width = columns - column < PANEL ? columns - column : PANEL;
            const float *panel = packed + column * inner;
            const float *next = column + PANEL < columns ? panel + PANEL * inner : panel;
            for (size_t k = from; k == from || k < to; k += BLOCK) {
                size_t depth = to - k < BLOCK ? to - k : BLOCK;
                const float *start = k > 0 || accumulate ? out + column : bias ? bias + column : NULL;
                KERNEL(panel_block)(x + k, x_stride, rows, panel + k * PANEL, width, depth,
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

// Full-width interleaving of two vectors' lower and upper halves.
#if LANES == 16
#define LOWER(a, b) __builtin_shufflevector(a, b, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23)
#define UPPER(a, b) __builtin_shufflevector(a, b, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31)
#elif LANES == 8
#define LOWER(a, b) __builtin_shufflevector(a, b, 0, 8, 1, 9, 2, 10, 3, 11)
#define UPPER(a, b) __builtin_shufflevector(a, b, 4, 12, 5, 13, 6, 14, 7, 15)
#else
#define LOWER(a, b) __builtin_shufflevector(a, b, 0, 4, 1, 5)
#define UPPER(a, b) __builtin_shufflevector(a, b, 2, 6, 3, 7)
#endif

// Writes LANES rows by LANES steps of k as LANES rows of a panel: a transposition by log2(LANES) perfect shuffles.
INLINE void KERNEL(turn)(const float *w, size_t stride, float *panel) {
    vec a[LANES], b[LANES];
    UNROLL for (size_t i = 0; i < LANES; i++) a[i] = LOAD(w + i * stride);
    UNROLL for (size_t width = 1; width < LANES; width *= 2) {
        UNROLL for (size_t i = 0; i < LANES / 2; i++) {
            b[2 * i] = LOWER(a[i], a[i + LANES / 2]);
            b[2 * i + 1] = UPPER(a[i], a[i + LANES / 2]);
        }
        UNROLL for (size_t i = 0; i < LANES; i++) a[i] = b[i];
    }
    UNROLL for (size_t i = 0; i < LANES; i++) STORE(panel + i * PANEL, a[i]);
}

static void KERNEL(pack_rows)(const float *w, size_t stride, size_t first, size_t count, size_t inner, float *packed) {
    for (size_t row = 0; row < count;) {
        size_t column = first + row;
        float *panel = packed + column / PANEL * PANEL * inner + column % PANEL;
        const float *from = w + row * stride;
        size_t k = 0;
        if (column % LANES == 0 && count - row >= LANES) {
            for (; k + LANES <= inner; k += LANES) KERNEL(turn)(from + k, stride, panel + k * PANEL);
            for (; k < inner; k++)
                for (size_t i = 0; i < LANES; i++) panel[k * PANEL + i] = from[i * stride + k];
            row += LANES;
        } else {
            for (; k < inner; k++) panel[k * PANEL] = from[k];
            row++;
        }
    }
}

static void KERNEL(pack_columns)(const float *w, size_t stride, size_t first, size_t count, size_t inner,
                                 float *packed) {
    for (size_t at = 0; at < count;) {
        size_t column = first + at, lane = column % PANEL;
        size_t width = PANEL - lane < count - at ? PANEL - lane : count - at;
        float *panel = packed + column / PANEL * PANEL * inner + lane;
        for (size_t k = 0; k < inner; k++) memcpy(panel + k * PANEL, w + k * stride + at, width * sizeof(float));
        at += width;
    }
}

static size_t KERNEL(packed_count)(size_t columns, size_t inner) { return ROUND_UP(columns, PANEL) * inner; }
