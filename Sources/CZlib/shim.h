#pragma once
#include <zlib.h>

// inflateInit2 is a macro, which Swift does not see: a raw stream, without zlib's own header, as zip members are.
static inline int czlib_inflate_init_raw(z_stream *stream) { return inflateInit2(stream, -MAX_WBITS); }
