// Processors and names of threads.
#define _GNU_SOURCE
#include "threads.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>

// More processors than Linux can be built for.
enum { MOST_PROCESSORS = 1 << 16 };

// The calling thread's mask and its size; NULL where the system does not say. To be freed.
static cpu_set_t *current_mask(size_t *size) {
    // A mask that is smaller than the kernel's is refused, whatever is in it.
    for (int processors = CPU_SETSIZE; processors <= MOST_PROCESSORS; processors *= 2) {
        cpu_set_t *mask = CPU_ALLOC(processors);
        if (mask == NULL) return NULL;
        *size = CPU_ALLOC_SIZE(processors);
        CPU_ZERO_S(*size, mask);
        if (sched_getaffinity(0, *size, mask) == 0) return mask;
        CPU_FREE(mask);
        if (errno != EINVAL) return NULL;
    }
    return NULL;
}

size_t kernels_thread_processors(int *processors, size_t room) {
    size_t size;
    cpu_set_t *mask = current_mask(&size);
    if (mask == NULL) return 0;
    size_t count = 0;
    for (size_t processor = 0; processor < size * 8; processor++) {
        if (!CPU_ISSET_S(processor, size, mask)) continue;
        if (count < room) processors[count] = (int)processor;
        count++;
    }
    CPU_FREE(mask);
    return count;
}

bool kernels_thread_bind(const int *processors, size_t count) {
    int last = 0;
    for (size_t i = 0; i < count; i++) {
        if (processors[i] < 0 || processors[i] >= MOST_PROCESSORS) return false;
        if (processors[i] > last) last = processors[i];
    }
    cpu_set_t *mask = CPU_ALLOC(last + 1);
    if (mask == NULL) return false;
    size_t size = CPU_ALLOC_SIZE(last + 1);
    CPU_ZERO_S(size, mask);
    for (size_t i = 0; i < count; i++) CPU_SET_S((size_t)processors[i], size, mask);
    bool is_bound = sched_setaffinity(0, size, mask) == 0;
    CPU_FREE(mask);
    return is_bound;
}

void kernels_thread_name(const char *name) {
    char start[16];
    snprintf(start, sizeof start, "%s", name);
    pthread_setname_np(pthread_self(), start);
}
