#define KERNEL(name) name##_portable
#define HAS_VNNI 0
#include "bounds.inc.h"
