// How the two sides of products stand in memory; part of kernels.inc.h.
//
// Weights stand in panels of PANEL columns: for each k the PANEL weights of that k, zeros for columns past the last one.
// Rows stand in tiles of TILE rows: for each k the TILE values of that k.

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

// Transposes a square of LANES by LANES: log2(LANES) perfect shuffles.
INLINE void KERNEL(transpose_square)(vec a[LANES]) {
    vec b[LANES];
    UNROLL for (size_t width = 1; width < LANES; width *= 2) {
        UNROLL for (size_t i = 0; i < LANES / 2; i++) {
            b[2 * i] = LOWER(a[i], a[i + LANES / 2]);
            b[2 * i + 1] = UPPER(a[i], a[i + LANES / 2]);
        }
        UNROLL for (size_t i = 0; i < LANES; i++) a[i] = b[i];
    }
}

// Writes the floats k ... k + LANES - 1 of LANES rows as LANES rows of `out`.
INLINE void KERNEL(turn)(const float *const rows[LANES], size_t k, float *out, size_t out_stride) {
    vec a[LANES];
    UNROLL for (size_t i = 0; i < LANES; i++) a[i] = LOAD(rows[i] + k);
    KERNEL(transpose_square)(a);
    UNROLL for (size_t i = 0; i < LANES; i++) STORE(out + i * out_stride, a[i]);
}

// LANES steps of a tile: out[i * TILE + r] = rows[r][i].
#if TILE == LANES
INLINE void KERNEL(lay)(const vec rows[TILE], float *out) {
    vec a[LANES];
    UNROLL for (size_t i = 0; i < LANES; i++) a[i] = rows[i];
    KERNEL(transpose_square)(a);
    UNROLL for (size_t i = 0; i < LANES; i++) STORE(out + i * TILE, a[i]);
}
#else
// One vector of a tile, from the pairs of values that three pairs of rows have for the same steps.
#if LANES == 16
#define LAY_FIRST(a, b, c) PAIRS(PAIRS(a, b, 0, 8, -1, 1, 9, -1, 2, 10), c, 0, 1, 8, 3, 4, 9, 6, 7)
#define LAY_SECOND(a, b, c) PAIRS(PAIRS(a, b, -1, 3, 11, -1, 4, 12, -1, 5), c, 10, 1, 2, 11, 4, 5, 12, 7)
#define LAY_THIRD(a, b, c) PAIRS(PAIRS(a, b, 13, -1, 6, 14, -1, 7, 15, -1), c, 0, 13, 2, 3, 14, 5, 6, 15)
#else
#define LAY_FIRST(a, b, c) PAIRS(PAIRS(a, b, 0, 4, -1, 1), c, 0, 1, 4, 3)
#define LAY_SECOND(a, b, c) PAIRS(PAIRS(a, b, 5, -1, 2, 6), c, 0, 5, 2, 3)
#define LAY_THIRD(a, b, c) PAIRS(PAIRS(a, b, -1, 3, 7, -1), c, 6, 1, 2, 7)
#endif
#define PAIRS(a, b, ...) __builtin_shufflevector(a, b, __VA_ARGS__)
typedef double KERNEL(pairs) __attribute__((vector_size(4 * LANES)));

INLINE void KERNEL(lay)(const vec rows[TILE], float *out) {
    KERNEL(pairs) lower[TILE / 2], upper[TILE / 2];
    UNROLL for (size_t i = 0; i < TILE / 2; i++) {
        lower[i] = (KERNEL(pairs))LOWER(rows[2 * i], rows[2 * i + 1]);
        upper[i] = (KERNEL(pairs))UPPER(rows[2 * i], rows[2 * i + 1]);
    }
    STORE(out, (vec)LAY_FIRST(lower[0], lower[1], lower[2]));
    STORE(out + LANES, (vec)LAY_SECOND(lower[0], lower[1], lower[2]));
    STORE(out + 2 * LANES, (vec)LAY_THIRD(lower[0], lower[1], lower[2]));
    STORE(out + 3 * LANES, (vec)LAY_FIRST(upper[0], upper[1], upper[2]));
    STORE(out + 4 * LANES, (vec)LAY_SECOND(upper[0], upper[1], upper[2]));
    STORE(out + 5 * LANES, (vec)LAY_THIRD(upper[0], upper[1], upper[2]));
}
#endif

// The rows of a tile, of which `count` exist. The last one stands in for the others, whose sums are not used.
INLINE void KERNEL(rows_of_tile)(const float *x, size_t stride, size_t count, const float *rows[TILE]) {
    UNROLL for (size_t r = 0; r < TILE; r++) rows[r] = x + (r < count ? r : count - 1) * stride;
}

static void KERNEL(tile_rows)(const float *x, size_t stride, size_t rows, size_t inner, float *tiled) {
    for (size_t row = 0; row < rows; row += TILE, x += TILE * stride, tiled += TILE * inner) {
        const float *from[TILE];
        KERNEL(rows_of_tile)(x, stride, rows - row < TILE ? rows - row : TILE, from);
        size_t k = 0;
        for (; k + LANES <= inner; k += LANES) {
            vec values[TILE];
            UNROLL for (size_t r = 0; r < TILE; r++) values[r] = LOAD(from[r] + k);
            KERNEL(lay)(values, tiled + k * TILE);
        }
        for (; k < inner; k++)
            for (size_t r = 0; r < TILE; r++) tiled[k * TILE + r] = from[r][k];
    }
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
