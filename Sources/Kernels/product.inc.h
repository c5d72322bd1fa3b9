// Products with packed weights; part of kernels.inc.h.
//
// Weights stand in panels of PANEL columns: for each k the PANEL weights of that k, zeros for columns past the last one.
// A tile of up to TILE rows by one panel stays in registers while k runs. So every sum is one chain of fused multiply-
// adds in the order of k, whatever the number of rows, columns, panels and threads around it.

#define PANEL (2 * LANES)
#if LANES == 16
#define TILE 14  // 28 sums, 2 weights and 1 factor in 32 registers
#elif LANES == 8
#define TILE 6  // 12 sums, 2 weights and 1 factor in 16 registers
#else
#define TILE 4
#endif
// Steps of k for which the rows of a piece stay in the second-level cache.
#define DEPTH 1024
// Bytes of the next panel that are fetched ahead in each step of k: in four tiles all of it.
#define AHEAD (PANEL * sizeof(float) / 4)

#define UNROLL _Pragma("clang loop unroll(full)")

// out (+)= x * panel for a fixed number of rows; out has room for PANEL columns.
INLINE void KERNEL(tile)(const size_t rows, const float *x, size_t x_stride, const float *panel, size_t inner,
                         const char *ahead, const float *bias, bool accumulate, float *out, size_t out_stride) {
    vec sum[TILE][2];
    UNROLL for (size_t r = 0; r < rows; r++) {
        UNROLL for (size_t c = 0; c < 2; c++) {
            sum[r][c] = accumulate ? LOAD(out + r * out_stride + c * LANES) : bias ? LOAD(bias + c * LANES) : (vec){0};
        }
    }
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
        UNROLL for (size_t c = 0; c < 2; c++) STORE(out + r * out_stride + c * LANES, sum[r][c]);
    }
}

static void KERNEL(tile_rows)(size_t rows, const float *x, size_t x_stride, const float *panel, size_t inner,
                              const char *ahead, const float *bias, bool accumulate, float *out, size_t out_stride) {
#define TILE_CASE(n)                                                                                  \
    case n:                                                                                           \
        KERNEL(tile)(n, x, x_stride, panel, inner, ahead, bias, accumulate, out, out_stride); \
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
                                 size_t inner, const float *bias, bool accumulate, float *out, size_t out_stride) {
    float tile[TILE * PANEL], start[PANEL] = {0};
    if (bias) memcpy(start, bias, columns * sizeof(float));
    if (accumulate)
        for (size_t r = 0; r < rows; r++) {
            memset(tile + r * PANEL, 0, PANEL * sizeof(float));
            memcpy(tile + r * PANEL, out + r * out_stride, columns * sizeof(float));
        }
    KERNEL(tile_rows)(rows, x, x_stride, panel, inner, (const char *)panel, start, accumulate, tile, PANEL);
    for (size_t r = 0; r < rows; r++) memcpy(out + r * out_stride, tile + r * PANEL, columns * sizeof(float));
}

static void KERNEL(product)(const float *x, size_t x_stride, size_t rows, const float *packed, size_t columns,
                            size_t inner, const float *bias, bool accumulate, float *out, size_t out_stride) {
    size_t panels = (columns + PANEL - 1) / PANEL;
    // One pass even where inner is 0, so that out is set.
    for (size_t from = 0; from == 0 || from < inner; from += DEPTH) {
        size_t depth = inner - from < DEPTH ? inner - from : DEPTH;
        bool add = accumulate || from > 0;
        for (size_t p = 0; p < panels; p++) {
            const float *panel = packed + (p * inner + from) * PANEL;
            const char *next = (const char *)(p + 1 < panels ? panel + inner * PANEL : panel);
            size_t column = p * PANEL;
            for (size_t row = 0; row < rows; row += TILE) {
                size_t count = rows - row < TILE ? rows - row : TILE;
                const float *from_x = x + row * x_stride + from;
                float *to = out + row * out_stride + column;
                const float *start = bias ? bias + column : NULL;
                if (columns - column < PANEL) {
                    KERNEL(tile_columns)(count, columns - column, from_x, x_stride, panel, depth, start, add, to, out_stride);
                } else {
                    size_t at = row / TILE;
                    const char *ahead = at < 4 ? next + at * depth * AHEAD : (const char *)panel;
                    KERNEL(tile_rows)(count, from_x, x_stride, panel, depth, ahead, start, add, to, out_stride);
                }
            }
        }
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
