// What the elementary functions have in common.
#pragma once
#include <stdbool.h>

#include "double_double.inc.h"

struct inverse {
    double value;
    struct pair minus_log;
};

#include "elementary_constants.inc.h"

#define infinity from_bits((uint64_t)0x7FF << 52)
#define not_a_number from_bits((uint64_t)0xFFF << 51)
