/* What is known about terraform's own environment. */
#ifndef TAZPOD_TERRAFORM_H
#define TAZPOD_TERRAFORM_H

#include "protocol/grant.h"

/* Dies (EXIT_REFUSED) where NAME is terraform or a wrapper of it, is granted a value, and would write it into a log. */
void terraform_refuse_log(const char *name, const struct grant *grant);

#endif
