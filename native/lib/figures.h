/* How a person reads a time and a size: the forms of src/core/text/duration.ts and size.ts, held by test/vectors. */
#ifndef TAZPOD_FIGURES_H
#define TAZPOD_FIGURES_H

#include <stdint.h>

enum { FIGURE_ROOM = 32 };

/* A time of MS ms, rounded down: "42s", "11h59m", "2d3h", "84d". Returns OUT. */
const char *format_span(uint64_t ms, char out[static FIGURE_ROOM]);
/* A number of bytes, rounded down: "9000 bytes", "4 KiB", "1.5 MiB", "64 MiB". Returns OUT. */
const char *format_size(uint64_t bytes, char out[static FIGURE_ROOM]);

#endif
