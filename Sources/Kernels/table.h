/// The functions that exist once for each instruction set.
#pragma once
#include "Kernels.h"

struct kernel_table {
    const char *instruction_set;
    void (*rms_norm)(const float *, size_t, const float *, float, size_t, size_t, float *);
    void (*rotary)(float *, size_t, size_t, const float *, const float *);
    void (*attention_pack)(const float *, const float *, size_t, size_t, size_t, size_t, size_t, float *);
    void (*attention)(const float *, size_t, float *, size_t, size_t, size_t, size_t, size_t, size_t, float, size_t,
                      float *);
    void (*silu_multiply)(const float *, const float *, size_t, size_t, size_t, size_t, size_t, float *);
    bool (*all_finite)(const float *, size_t);
    void (*subtract)(const float *, const float *, size_t, float *);
    void (*add_to_rows)(const float *, size_t, size_t, float *, size_t);
    size_t (*top_k)(const float *, size_t, uint32_t, size_t, float *, uint32_t *, size_t);
    size_t (*above)(const float *, const float *, size_t, uint32_t, float *, uint32_t *);
    void (*gated)(float *, const float *, const float *, const float *, size_t);
    void (*scale_to_norm)(float *, size_t);
    void (*standardise)(float *, size_t);
    size_t (*packed_count)(size_t, size_t);
    void (*pack_rows)(const float *, size_t, size_t, size_t, size_t, float *);
    void (*pack_columns)(const float *, size_t, size_t, size_t, size_t, float *);
    size_t tile;
    void (*tile_rows)(const float *, size_t, size_t, size_t, float *);
    void (*product)(const float *, size_t, const float *, size_t, size_t, const float *, const float *, bool, float *,
                    size_t);
    void (*product_columns)(const float *, const float *const *, size_t, size_t, const float *, float *);
};

extern const struct kernel_table kernels_portable;
#if defined(__x86_64__)
extern const struct kernel_table kernels_avx2;
extern const struct kernel_table kernels_avx512;
#endif
