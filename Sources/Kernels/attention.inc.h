// Attention; part of kernels.inc.h.
//
// Attention works on ROWS query rows at a time, keys in tiles of LANES and blocks of KEYS, value columns in as many
// vectors as a product's tile has, or two. A block's part of the softmax is relative to the largest score so far; what was
// summed before is scaled down when a larger one comes (running softmax), so that scores of one block are all that is
// kept.
#if LANES == 16
#define ROWS 12
#elif LANES == 8
#define ROWS 6
#else
#define ROWS 4
#endif
#define KEYS 256

// Scratch of attention: key tiles and values of the positions of a sequence, then a block of scores, a row of sums and
// the query for each of ROWS rows. Tile t holds the keys of positions t * LANES ... as head_size rows of LANES keys;
// values are padded with zeros to whole pairs of vectors. Tiles that are not full may hold anything behind the last key:
// such scores are thrown away.
#define TILES(length, head_size) (ROUND_UP(length, 2 * LANES) * (head_size))
#define VALUES(length, width) (ROUND_UP(length, 2 * LANES) * (width))

static void KERNEL(attention_pack)(const float *k, const float *v, size_t stride, size_t first, size_t count,
                                   size_t head_size, size_t length, float *scratch) {
    size_t width = ROUND_UP(head_size, 2 * LANES);
    float *values = scratch + TILES(length, head_size) + first * width;
    for (size_t j = first; j < first + count; j++, v += stride, values += width) {
        memcpy(values, v, head_size * sizeof(float));
        memset(values + head_size, 0, (width - head_size) * sizeof(float));
    }
    for (size_t j = first; j < first + count;) {
        float *tile = scratch + j / LANES * LANES * head_size + j % LANES;
        bool is_whole = j % LANES == 0 && first + count - j >= LANES;
        const float *keys[LANES];
        for (size_t i = 0; i < LANES; i++) keys[i] = k + (is_whole ? i * stride : 0);
        size_t d = 0, here = is_whole ? LANES : 1;
        if (is_whole)
            for (; d + LANES <= head_size; d += LANES) KERNEL(turn)(keys, d, tile + d * LANES, LANES);
        for (; d < head_size; d++)
            for (size_t i = 0; i < here; i++) tile[d * LANES + i] = keys[i][d];
        j += here;
        k += here * stride;
    }
}

// queries[d][r] for up to LANES rows, so that those of a dimension stand together.
static void KERNEL(transpose_queries)(const float *const q[LANES], size_t head_size, float *queries) {
    size_t d = 0;
    for (; d + LANES <= head_size; d += LANES) KERNEL(turn)(q, d, queries + d * LANES, LANES);
    for (; d < head_size; d++)
        for (size_t r = 0; r < LANES; r++) queries[d * LANES + r] = q[r][d];
}

// The scores of one or two tiles of keys.
INLINE void KERNEL(score_tiles)(const size_t count, const float *queries, const float *tiles, size_t head_size,
                                float *scores) {
    const float *second = tiles + LANES * head_size;
    vec sum[ROWS][2];
    UNROLL for (size_t r = 0; r < ROWS; r++) sum[r][0] = sum[r][1] = (vec){0};
    _Pragma("clang loop unroll(disable)") for (size_t d = 0; d < head_size; d++) {
        vec keys[2] = {LOAD(tiles + d * LANES)};
        if (count == 2) keys[1] = LOAD(second + d * LANES);
        UNROLL for (size_t r = 0; r < ROWS; r++)
            UNROLL for (size_t t = 0; t < count; t++) sum[r][t] += queries[d * LANES + r] * keys[t];
    }
    UNROLL for (size_t r = 0; r < ROWS; r++)
        UNROLL for (size_t t = 0; t < count; t++) STORE(scores + r * KEYS + t * LANES, sum[r][t]);
}

// scores[r][j - first] = q_r . k_j for the keys of tiles from ... to - 1, first = from * LANES.
static void KERNEL(scores)(const float *queries, const float *tiles, size_t from, size_t to, size_t head_size,
                           float *scores) {
    size_t t = from;
    for (; t + 2 <= to; t += 2, scores += 2 * LANES)
        KERNEL(score_tiles)(2, queries, tiles + t * LANES * head_size, head_size, scores);
    if (t < to) KERNEL(score_tiles)(1, queries, tiles + t * LANES * head_size, head_size, scores);
}

// What rows have so far: the largest score, and the sum of exp(scale * (score - largest)).
struct KERNEL(softmax_state) {
    float largest[LANES], sum[LANES];
};

// For each lane the largest of the row's scores that fall into it. Only scores lo ... hi - 1 count; the others become
// -infinity.
INLINE void KERNEL(largest_scores)(float *scores, size_t lo, size_t hi, size_t count, vec *most) {
    const vec none = (vec){0} - INFINITY;
    vec largest = *most;
    for (size_t j = 0; j < count; j += LANES) {
        vec x = LOAD(scores + j);
        if (j < lo || j + LANES > hi) {
            ivec counts;
            for (size_t i = 0; i < LANES; i++) counts[i] = j + i >= lo && j + i < hi ? -1 : 0;
            x = (vec)(((ivec)x & counts) | ((ivec)none & ~counts));
            STORE(scores + j, x);
        }
        ivec greater = x > largest;  // what is not a number is not
        largest = (vec)(((ivec)x & greater) | ((ivec)largest & ~greater));
    }
    *most = largest;
}

// Over each row's lanes: the largest, in rows[0], or the sum in the order of KERNEL(sum). Rows are transposed first, so
// that all of them are done at once.
INLINE void KERNEL(largest_of_rows)(vec rows[LANES]) {
    KERNEL(transpose_square)(rows);
    UNROLL for (size_t width = LANES / 2; width > 0; width /= 2)
        UNROLL for (size_t i = 0; i < width; i++) {
            ivec greater = rows[i] > rows[i + width];
            rows[i] = (vec)(((ivec)rows[i] & greater) | ((ivec)rows[i + width] & ~greater));
        }
}

INLINE void KERNEL(sums_of_rows)(vec rows[LANES]) {
    KERNEL(transpose_square)(rows);
    UNROLL for (size_t width = LANES / 2; width > 0; width /= 2)
        UNROLL for (size_t i = 0; i < width; i++) rows[i] += rows[i + width];
}

// Turns the scores of a block into exp(scale * (score - largest so far)), with zeros for those that do not count, for
// all rows. Sets what the rows' earlier sums are to be multiplied by. Meanwhile `width` floats for each row are
// prefetched from `next`: the processor does not foresee these reads, and if all were asked for at once it would wait
// for them.
static void KERNEL(softmax_block)(float *scores, const size_t *lo, const size_t *hi, size_t count, float scale,
                                  const float *const *next, size_t width, struct KERNEL(softmax_state) *state,
                                  float *factor) {
    vec before = LOAD(state->largest), lanes[LANES];
    for (size_t r = 0; r < LANES; r++) lanes[r] = (vec){0} + state->largest[r];
    for (size_t r = 0; r < ROWS; r++) {
        for (size_t i = 0; i < width; i += LINE / sizeof(float)) __builtin_prefetch(next[r] + i);
        KERNEL(largest_scores)(scores + r * KEYS, lo[r], hi[r], count, lanes + r);
    }
    KERNEL(largest_of_rows)(lanes);
    vec top = lanes[0];
    // exp(0) is 1, for rows whose largest stays; nothing was summed where there was none.
    vec factors = (before - top) * scale;
    EXP(factors);
    ivec had = before > (vec){0} - INFINITY;
    factors = (vec)((ivec)factors & had);
    STORE(factor, factors);
    STORE(state->largest, top);
    for (size_t r = 0; r < ROWS; r++) {
        float *row = scores + r * KEYS, largest = state->largest[r];
        vec sums = {0};
        for (size_t j = 0; j < count; j += LANES) {
            vec x = LOAD(row + j);
            ivec inside = x != (vec){0} - INFINITY;  // what is not a number stays one
            x = (x - largest) * scale;
            EXP(x);
            x = (vec)((ivec)x & inside);
            STORE(row + j, x);
            sums += x;
        }
        lanes[r] = sums;
    }
    KERNEL(sums_of_rows)(lanes);
    STORE(state->sum, LOAD(state->sum) * factors + lanes[0]);
}

// The next `vectors` columns for TILE rows, see below.
INLINE void KERNEL(weighted_tile)(const size_t vectors, const float *p, const float *values, size_t count, size_t width,
                                  const float *factor, float *sums) {
    vec sum[TILE][VECTORS];
    UNROLL for (size_t r = 0; r < TILE; r++)
        UNROLL for (size_t c = 0; c < vectors; c++) sum[r][c] = (vec){0};
    _Pragma("clang loop unroll(disable)") for (size_t j = 0; j < count; j++)
        KERNEL(tile_step)(TILE, vectors, p + j, KEYS, values + j * width, sum);
    UNROLL for (size_t r = 0; r < TILE; r++) {
        UNROLL for (size_t c = 0; c < vectors; c++) {
            float *to = sums + r * width + c * LANES;
            STORE(to, LOAD(to) * factor[r] + sum[r][c]);
        }
    }
}

// sums_r = factor_r * sums_r + sum over j < count of p[r][j] * v_j, both `width` wide, for ROWS rows.
static void KERNEL(weighted_values)(const float *p, const float *values, size_t count, size_t width,
                                    const float *factor, float *sums) {
    for (size_t r = 0; r < ROWS; r += TILE) {
        const float *row = p + r * KEYS;
        size_t column = 0;
        for (; column + VECTORS * LANES <= width; column += VECTORS * LANES)
            KERNEL(weighted_tile)(VECTORS, row, values + column, count, width, factor + r, sums + r * width + column);
        for (; column < width; column += 2 * LANES)
            KERNEL(weighted_tile)(2, row, values + column, count, width, factor + r, sums + r * width + column);
    }
}

static void KERNEL(attention)(const float *q, size_t q_stride, float *out, size_t out_stride, size_t start,
                              size_t count, size_t group, size_t head_size, size_t window, float scale, size_t length,
                              float *scratch) {
    size_t width = ROUND_UP(head_size, 2 * LANES);
    float *tiles = scratch, *values = tiles + TILES(length, head_size), *scores = values + VALUES(length, width);
    float *sums = scores + ROWS * KEYS, *transposed = sums + ROWS * width;
    size_t all = count * group, further = ROWS / group * q_stride;
    for (size_t row = 0; row < all; row += ROWS) {
        size_t rows = all - row < ROWS ? all - row : ROWS;
        // Where the queries of these rows stand, and about where those of the next rows do.
        const float *queries[LANES], *next[LANES];
        float factor[LANES];
        size_t token[LANES];
        struct KERNEL(softmax_state) state;
        for (size_t r = 0; r < LANES; r++) {
            size_t at = row + (r < rows ? r : rows - 1);  // past the end the last row is computed again, not stored
            token[r] = start + at / group;
            queries[r] = q + at / group * q_stride + at % group * head_size;
            next[r] = queries[r] + further;
            state.largest[r] = -INFINITY;
            state.sum[r] = 0;
        }
        KERNEL(transpose_queries)(queries, head_size, transposed);
        memset(sums, 0, ROWS * width * sizeof(float));
        size_t first = window > 0 && token[0] >= window ? token[0] - window + 1 : 0, end = token[ROWS - 1] + 1;
        // Blocks end at multiples of KEYS, whichever rows stand together, and a row's own sums get only zeros from keys
        // that it does not see. So its numbers do not depend on the rows beside it.
        for (size_t from = first / (2 * LANES) * (2 * LANES), to; from < end; from = to) {
            to = (from / KEYS + 1) * KEYS;
            size_t keys = end < to ? end - from : to - from, tiled = ROUND_UP(keys, LANES);
            KERNEL(scores)(transposed, tiles, from / LANES, (from + tiled) / LANES, head_size, scores);
            size_t lo[ROWS], hi[ROWS];
            for (size_t r = 0; r < ROWS; r++) {
                size_t low = window > 0 && token[r] >= window ? token[r] - window + 1 : 0, high = token[r] + 1;
                lo[r] = low <= from ? 0 : low - from < tiled ? low - from : tiled;
                hi[r] = high <= from ? 0 : high - from < tiled ? high - from : tiled;
            }
            KERNEL(softmax_block)(scores, lo, hi, tiled, scale, next, head_size, &state, factor);
            KERNEL(weighted_values)(scores, values + from * width, keys, width, factor, sums);
        }
        for (size_t r = 0; r < rows; r++) {
            float *to = out + (row + r) / group * out_stride + (row + r) % group * head_size;
            float share = 1.0f / state.sum[r];
            for (size_t d = 0; d < head_size; d++) to[d] = sums[r * width + d] * share;
        }
    }
}
