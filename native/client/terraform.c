#include "client/terraform.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "lib/base.h"

static bool is_terraform(const char *name)
{
	static const char *const NAMES[] = {"terraform", "tofu", "terragrunt", "terramate"};
	for (size_t i = 0; i < sizeof NAMES / sizeof *NAMES; i++)
		if (strcmp(name, NAMES[i]) == 0)
			return true;
	return false;
}

/* Terraform takes a level that it does not know (1, true) for TRACE (internal/logging/logging.go, 1.11). */
static bool is_quiet(const char *level)
{
	static const char *const QUIET[] = {"", "off", "warn", "error"};
	for (size_t i = 0; i < sizeof QUIET / sizeof *QUIET; i++)
		if (strcasecmp(level, QUIET[i]) == 0)
			return true;
	return false;
}

static bool hands_over(const struct grant *grant)
{
	for (uint32_t i = 0; i < grant->count; i++)
		if (grant->ops[i].type != RECORD_ENV)
			return true;
	return false;
}

void terraform_refuse_log(const char *name, const struct grant *grant)
{
	static const char *const LOGS[] = {"TF_LOG", "TF_LOG_CORE", "TF_LOG_PROVIDER"};
	if (!is_terraform(name) || !hands_over(grant))
		return;
	for (size_t i = 0; i < sizeof LOGS / sizeof *LOGS; i++) {
		char next[128];
		const char *level = getenv(LOGS[i]);
		if (!level || is_quiet(level))
			continue;
		format_into(next, sizeof next, "unset %s   (or: tazpod exec --force -- %s ...)", LOGS[i], name);
		die(EXIT_REFUSED, next, "%s=%.10s makes %s write the values that it is granted into its log", LOGS[i], level, name);
	}
}
