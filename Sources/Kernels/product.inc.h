// Products with packed weights; part of kernels.inc.h.
//
// Weights stand in panels of PANEL columns: for each k the PANEL weights of that k, zeros for columns past the last one.
// A tile of up to TILE rows by one panel stays in registers for BLOCK steps of k, which begin at zero; then it is added
// to the sums so far. So every sum is made of the same additions in the same order, whatever the number of rows,
// columns, panels and threads around it, and short chains keep what rounding adds up to small.
//
// Tiles are nearly square and steps unrolled: then the fewest instructions go into a multiply-add (34 into 24 with
// AVX-512). That is what counts where another thread shares the core and its decoders, as on most machines that are
// rented: there a tile of 14 rows by two vectors, with 16 instructions more for 28, is a tenth slower.

#if LANES == 16
#define VECTORS 4
#define TILE 6  // 24 sums, 4 weights and 1 factor in 32 registers
#elif LANES == 8
#define VECTORS 2
#define TILE 6  // 12 sums, 2 weights and 1 factor in 16 registers
#else
#define VECTORS 2
#define TILE 4
#endif
#define PANEL (VECTORS * LANES)
// Steps of k in a chain: its part of a panel stays in the first-level cache for all rows.
#define BLOCK 128
// Steps of k for which the rows of a piece stay in the second-level cache; a multiple of BLOCK.
#define DEPTH 1024
#define LINE 64
// Steps of k that are unrolled: a line of x.
#define STEPS (LINE / sizeof(float))
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

// sums += x[r] * panel for one k.
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

// out = start + x * panel for a fixed number of rows and of the panel's vectors, and one block. Start is a row, out
// itself, or zero.
INLINE void KERNEL(tile)(const size_t rows, const size_t vectors, const float *x, size_t x_stride, const float *panel,
                         size_t inner, const char *ahead, const float *start, size_t start_stride, float *out,
                         size_t out_stride) {
    vec sum[TILE][VECTORS];
    UNROLL for (size_t r = 0; r < rows; r++)
        UNROLL for (size_t c = 0; c < vectors; c++) sum[r][c] = (vec){0};
    size_t k = 0;
    _Pragma("clang loop unroll(disable)") for (; k + STEPS <= inner; k += STEPS, panel += STEPS * PANEL) {
        UNROLL for (size_t i = 0; i < STEPS; i++) {
            if (i * AHEAD % LINE == 0) __builtin_prefetch(ahead + i * AHEAD, 0, 2);
            // The next tile's rows.
            if (i < rows) __builtin_prefetch(x + (TILE + i) * x_stride + k, 0, 3);
            KERNEL(tile_step)(rows, vectors, x + k + i, x_stride, panel + i * PANEL, sum);
        }
        ahead += STEPS * AHEAD;
    }
    _Pragma("clang loop unroll(disable)") for (; k < inner; k++, panel += PANEL)
        KERNEL(tile_step)(rows, vectors, x + k, x_stride, panel, sum);
    UNROLL for (size_t r = 0; r < rows; r++) {
        UNROLL for (size_t c = 0; c < vectors; c++) {
            if (start) sum[r][c] = LOAD(start + r * start_stride + c * LANES) + sum[r][c];
            STORE(out + r * out_stride + c * LANES, sum[r][c]);
        }
    }
}

// The same for any number of rows up to TILE and of vectors up to VECTORS.
static void KERNEL(tile_of)(size_t rows, size_t vectors, const float *x, size_t x_stride, const float *panel,
                            size_t inner, const char *ahead, const float *start, size_t start_stride, float *out,
                            size_t out_stride) {
#define TILE_CASE(r, v)                                                                                           \
    case (r) * (VECTORS + 1) + (v):                                                                               \
        KERNEL(tile)(r, v, x, x_stride, panel, inner, ahead, start, start_stride, out, out_stride);               \
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
static void KERNEL(tile_columns)(size_t rows, size_t columns, const float *x, size_t x_stride, const float *panel,
                                 size_t inner, const float *start, size_t start_stride, float *out,
                                 size_t out_stride) {
    float tile[TILE * PANEL] = {0};
    if (start)
        for (size_t r = 0; r < rows; r++) memcpy(tile + r * PANEL, start + r * start_stride, columns * sizeof(float));
    KERNEL(tile_of)(rows, (columns + LANES - 1) / LANES, x, x_stride, panel, inner, (const char *)panel,
                    start ? tile : NULL, PANEL, tile, PANEL);
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
            const char *ahead = at < 8 ? next + at * inner * AHEAD : (const char *)panel;
            KERNEL(tile_of)(count, VECTORS, x + row * x_stride, x_stride, panel, inner, ahead, rows_start,
                            start_stride, out + row * out_stride, out_stride);
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

// Writes the floats k ... k + LANES - 1 of LANES rows as LANES rows of `out`: a transposition by log2(LANES) perfect
// shuffles.
INLINE void KERNEL(turn)(const float *const rows[LANES], size_t k, float *out, size_t out_stride) {
    vec a[LANES], b[LANES];
    UNROLL for (size_t i = 0; i < LANES; i++) a[i] = LOAD(rows[i] + k);
    UNROLL for (size_t width = 1; width < LANES; width *= 2) {
        UNROLL for (size_t i = 0; i < LANES / 2; i++) {
            b[2 * i] = LOWER(a[i], a[i + LANES / 2]);
            b[2 * i + 1] = UPPER(a[i], a[i + LANES / 2]);
        }
        UNROLL for (size_t i = 0; i < LANES; i++) a[i] = b[i];
    }
    UNROLL for (size_t i = 0; i < LANES; i++) STORE(out + i * out_stride, a[i]);
}

static void KERNEL(pack_rows)(const float *w, size_t stride, size_t first, size_t count, size_t inner, float *packed) {
    for (size_t row = 0; row < count;) {
        size_t column = first + row;
        float *panel = packed + column / PANEL * PANEL * inner + column % PANEL;
        const float *from = w + row * stride;
        size_t k = 0;
        if (column % LANES == 0 && count - row >= LANES) {
            const float *rows[LANES];
            for (size_t i = 0; i < LANES; i++) rows[i] = from + i * stride;
            for (; k + LANES <= inner; k += LANES) KERNEL(turn)(rows, k, panel + k * PANEL, PANEL);
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
