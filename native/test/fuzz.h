/* What the fuzz targets share. Each is one libFuzzer program (LLVMFuzzerTestOneInput). */
#ifndef TAZPOD_FUZZ_H
#define TAZPOD_FUZZ_H

#include <stddef.h>
#include <stdint.h>

#include "holder/serve.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A holder that serves nobody yet, with a set in it; made once. Its journal goes to /dev/null. */
struct holder *fuzz_holder(void);
/* A client of that holder, whose process seems to run. */
struct client *fuzz_client(int fd);
/* Ends what a request has left: running commands, an ended holder, a replaced set. */
void fuzz_reset(struct holder *holder);

#endif
