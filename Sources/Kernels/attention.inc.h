// Attention; part of kernels.inc.h.
//
// Attention works on ROWS query rows at a time, keys in tiles of LANES and blocks of KEYS, value columns in pairs of
// vectors. A block's part of the softmax is relative to the largest score so far; what was summed before is scaled down
// when a larger one comes (running softmax), so that scores of one block are all that is kept.
#if LANES == 16
#define ROWS 12
#elif LANES == 8
#define ROWS 6
#else
#define ROWS 4
#endif
#define KEYS 256

// Scratch of attention: key tiles and values of the positions of a sequence, then a block of scores and a row of sums for
// each of ROWS rows. Tile t holds the keys of positions t * LANES ... as head_size rows of LANES keys; values are padded
// with zeros to whole pairs of vectors. Tiles that are not full may hold anything behind the last key: such scores are
// thrown away.
#define TILES(length, head_size) (ROUND_UP(length, 2 * LANES) * (head_size))
#define VALUES(length, width) (ROUND_UP(length, 2 * LANES) * (width))

static void KERNEL(attention_pack)(const float *k, const float *v, size_t stride, size_t first, size_t count,
                                   size_t head_size, size_t length, float *scratch) {
    size_t width = ROUND_UP(head_size, 2 * LANES);
    float *values = scratch + TILES(length, head_size) + first * width;
    for (size_t j = first; j < first + count; j++, k += stride, v += stride, values += width) {
        float *tile = scratch + j / LANES * LANES * head_size + j % LANES;
        for (size_t d = 0; d < head_size; d++) tile[d * LANES] = k[d];
        memcpy(values, v, head_size * sizeof(float));
        memset(values + head_size, 0, (width - head_size) * sizeof(float));
    }
}

// scores[r][j - first] = q_r . k_j for the keys of tiles from ... to - 1 (an even number of tiles), first = from * LANES.
static void KERNEL(scores)(const float *const q[ROWS], const float *tiles, size_t from, size_t to, size_t head_size,
                           float *scores) {
    for (size_t t = from; t < to; t += 2, scores += 2 * LANES) {
        const float *first = tiles + t * LANES * head_size, *second = first + LANES * head_size;
        vec a[ROWS], b[ROWS];
        UNROLL for (size_t r = 0; r < ROWS; r++) a[r] = b[r] = (vec){0};
        _Pragma("clang loop unroll(disable)") for (size_t d = 0; d < head_size; d++) {
            vec ka = LOAD(first + d * LANES), kb = LOAD(second + d * LANES);
            UNROLL for (size_t r = 0; r < ROWS; r++) {
                a[r] += q[r][d] * ka;
                b[r] += q[r][d] * kb;
            }
        }
        UNROLL for (size_t r = 0; r < ROWS; r++) {
            STORE(scores + r * KEYS, a[r]);
            STORE(scores + r * KEYS + LANES, b[r]);
        }
    }
}

// What a row has so far: the largest score, and the sum of exp(scale * (score - largest)).
struct KERNEL(softmax_state) {
    float largest, sum;
};

// Turns the scores of a block, of which lo ... hi - 1 count, into exp(scale * (score - largest so far)), zeros elsewhere
// among `count`. Returns what the row's earlier sums are to be multiplied by.
static float KERNEL(softmax_block)(float *scores, size_t lo, size_t hi, size_t count, float scale,
                                   struct KERNEL(softmax_state) *state) {
    for (size_t j = 0; j < lo; j++) scores[j] = -INFINITY;
    for (size_t j = hi; j < count; j++) scores[j] = -INFINITY;
    vec most = (vec){0} - INFINITY;
    for (size_t j = 0; j < count; j += LANES) {
        vec x = LOAD(scores + j);
        ivec greater = x > most;
        most = (vec)(((ivec)x & greater) | ((ivec)most & ~greater));
    }
    float top = state->largest;
    for (size_t i = 0; i < LANES; i++) top = fmaxf(top, most[i]);
    vec sums = {0};
    for (size_t j = 0; j < count; j += LANES) {
        vec x = LOAD(scores + j);
        ivec inside = x != (vec){0} - INFINITY;  // what is not a number stays one
        x = (x - top) * scale;
        EXP(x);
        x = (vec)((ivec)x & inside);
        STORE(scores + j, x);
        sums += x;
    }
    float factor = 1.0f;
    if (top > state->largest) {
        vec x = (vec){0} + (state->largest - top) * scale;
        EXP(x);
        factor = state->largest > -INFINITY ? x[0] : 0.0f;
    }
    state->sum = state->sum * factor + SUM(sums);
    state->largest = top;
    return factor;
}

// sums_r = factor_r * sums_r + sum over j < count of p[r][j] * v_j, both `width` wide.
static void KERNEL(weighted_values)(const float *p, const float *values, size_t count, size_t width,
                                    const float *factor, float *sums) {
    for (size_t column = 0; column < width; column += 2 * LANES) {
        vec sum[ROWS][2];
        UNROLL for (size_t r = 0; r < ROWS; r++) sum[r][0] = sum[r][1] = (vec){0};
        _Pragma("clang loop unroll(disable)") for (size_t j = 0; j < count; j++) {
            vec first = LOAD(values + j * width + column), second = LOAD(values + j * width + column + LANES);
            UNROLL for (size_t r = 0; r < ROWS; r++) {
                sum[r][0] += p[r * KEYS + j] * first;
                sum[r][1] += p[r * KEYS + j] * second;
            }
        }
        UNROLL for (size_t r = 0; r < ROWS; r++) {
            float *to = sums + r * width + column;
            STORE(to, LOAD(to) * factor[r] + sum[r][0]);
            STORE(to + LANES, LOAD(to + LANES) * factor[r] + sum[r][1]);
        }
    }
}

static void KERNEL(attention)(const float *q, size_t q_stride, float *out, size_t out_stride, size_t start,
                              size_t count, size_t group, size_t head_size, size_t window, float scale, size_t length,
                              float *scratch) {
    size_t width = ROUND_UP(head_size, 2 * LANES);
    float *tiles = scratch, *values = tiles + TILES(length, head_size), *scores = values + VALUES(length, width);
    float *sums = scores + ROWS * KEYS;
    size_t all = count * group;
    for (size_t row = 0; row < all; row += ROWS) {
        size_t rows = all - row < ROWS ? all - row : ROWS;
        const float *queries[ROWS];
        float factor[ROWS];
        size_t token[ROWS];
        struct KERNEL(softmax_state) state[ROWS];
        for (size_t r = 0; r < ROWS; r++) {
            size_t at = row + (r < rows ? r : rows - 1);  // past the end the last row is computed again, not stored
            token[r] = start + at / group;
            queries[r] = q + at / group * q_stride + at % group * head_size;
            state[r] = (struct KERNEL(softmax_state)){-INFINITY, 0.0f};
        }
        memset(sums, 0, ROWS * width * sizeof(float));
        size_t first = window > 0 && token[0] >= window ? token[0] - window + 1 : 0, end = token[ROWS - 1] + 1;
        // Blocks end at multiples of KEYS, whichever rows stand together, and keys that are not a row's only add zeros:
        // so a row's numbers do not depend on which rows are asked for with it.
        for (size_t from = first / (2 * LANES) * (2 * LANES), to; from < end; from = to) {
            to = (from / KEYS + 1) * KEYS;
            size_t keys = end < to ? end - from : to - from, tiled = ROUND_UP(keys, 2 * LANES);
            KERNEL(scores)(queries, tiles, from / LANES, (from + tiled) / LANES, head_size, scores);
            for (size_t r = 0; r < ROWS; r++) {
                size_t lo = window > 0 && token[r] >= window ? token[r] - window + 1 : 0, hi = token[r] + 1;
                lo = lo <= from ? 0 : lo - from < tiled ? lo - from : tiled;
                hi = hi <= from ? 0 : hi - from < tiled ? hi - from : tiled;
                factor[r] = KERNEL(softmax_block)(scores + r * KEYS, lo, hi, tiled, scale, &state[r]);
            }
            KERNEL(weighted_values)(scores, values + from * width, keys, width, factor, sums);
        }
        for (size_t r = 0; r < rows; r++) {
            float *to = out + (row + r) / group * out_stride + (row + r) % group * head_size;
            float share = 1.0f / state[r].sum;
            for (size_t d = 0; d < head_size; d++) to[d] = sums[r * width + d] * share;
        }
    }
}
