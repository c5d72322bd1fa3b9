#if defined(__x86_64__)
#include <immintrin.h>

#pragma clang attribute push(__attribute__((target("avx512f,avx512bw,avx512dq,avx512vl,avx512vnni,avx2,fma"))), \
                              apply_to = function)
#define KERNEL(name) name##_vnni
#define HAS_VNNI 1
#include "bounds.inc.h"
#pragma clang attribute pop
#endif
