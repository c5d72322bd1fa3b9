/// What Swift cannot call of the system's threads: names, and the processors that a thread may run on.
#pragma once
#include <stdbool.h>
#include <stddef.h>

/// Writes the numbers of the first `room` processors that the calling thread may run on, ascending. Returns how many there
/// are in all; 0 where the system does not say.
size_t kernels_thread_processors(int *processors, size_t room);

/// Has the calling thread, and those that it starts from now on, run on these processors only. False where the system does
/// not allow it; nothing has changed then.
bool kernels_thread_bind(const int *processors, size_t count);

/// Names the calling thread for debuggers and the like; of a long name the first 15 bytes.
void kernels_thread_name(const char *name);

/// Tells the processor that this thread waits for another one's write.
static inline void kernels_thread_pause(void) {
#if defined(__x86_64__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    __asm__ volatile("yield");
#endif
}
