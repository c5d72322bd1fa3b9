/// The parts of the bounds that exist once with VNNI and once without.
#pragma once
#include "include/bounds.h"

struct bounds_table {
    void (*pack)(const float *, size_t, size_t, const struct kernels_bound_weights *);
    void (*encode)(const struct kernels_bound_weights *, const float *, size_t, size_t, const struct kernels_bound_rows *);
    void (*select)(const struct kernels_bound_weights *, size_t, size_t, const struct kernels_bound_rows *, size_t, float *,
                   struct kernels_candidates *);
    void (*halve)(const float *, size_t, size_t, size_t, const struct kernels_half_rows *);
    void (*tighten)(const struct kernels_bound_weights *, const float *, const struct kernels_half_rows *, const float *,
                    const struct kernels_bound_pair *, size_t, float *, float *);
};

#define KERNELS_LARGEST_CODE 127

/// What values are multiplied by on the way to codes. Below the normal numbers nothing is coded: all of it is error.
static inline float kernels_inverse(float scale) { return scale > 1e-37f ? 1 / scale : 0; }

/// A float that is not below the square root. It is well above it for the smallest numbers, where rounding is coarse.
static inline float kernels_root_up(double square) { return (float)(__builtin_sqrt(square) * (1 + 1e-6) + 1e-37); }

/// Puts a value above the bar among the k largest so far; they form a min-heap of `held`.
static inline void kernels_raise(float *heap, size_t *held, size_t k, float value) {
    size_t at;
    if (*held < k) {
        for (at = (*held)++; at > 0 && heap[(at - 1) / 2] > value; at = (at - 1) / 2) heap[at] = heap[(at - 1) / 2];
        heap[at] = value;
        return;
    }
    for (at = 0;;) {
        size_t child = 2 * at + 1;
        if (child >= k) break;
        if (child + 1 < k && heap[child + 1] < heap[child]) child++;
        if (heap[child] >= value) break;
        heap[at] = heap[child];
        at = child;
    }
    heap[at] = value;
}

/// What a value must be above to be among the k largest: zero until there are k.
static inline float kernels_bar(const float *heap, size_t held, size_t k) { return held == k ? heap[0] : 0.0f; }

extern const struct bounds_table bounds_portable;
#if defined(__x86_64__)
extern const struct bounds_table bounds_vnni;
#endif
