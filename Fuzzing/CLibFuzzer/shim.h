#pragma once
#include <stddef.h>
#include <stdint.h>

// libFuzzer as a library: compiler-rt/lib/fuzzer/FuzzerInterface.h has no header that is installed.
int LLVMFuzzerRunDriver(int *argc, char ***argv, int (*test_one_input)(const uint8_t *data, size_t size));
