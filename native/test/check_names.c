#include <stdio.h>
#include <string.h>

#include "client/names.h"
#include "test/check.h"

static char seen[256];

static void note(const char *value, size_t size)
{
	size_t used = strlen(seen);
	snprintf(seen + used, sizeof seen - used, "%s%.*s", used ? " " : "", (int)size, value);
}

static void names_in(const char *text, const char *wanted)
{
	seen[0] = '\0';
	names_of(text, "name", note);
	CHECK_TEXT(seen, wanted);
}

void check_names(void)
{
	names_in("", "");
	names_in("secrets:\n  - name: A\n    file: x\n  - name: \"B\"\n", "A B");
	names_in("secrets: [{ name: A }, {name: 'B', env: C}]", "A B");
	names_in("- {name: A}\n-name: B\nname:C\nname : D", "A B C D");
	names_in("filename: A\nnames: B\nname B\nname:\n", "");
	names_in("name: a\\b\nname: $(x)\nname: \033[2J", "a");
	names_in("name: infra/a.tfvars", "infra/a.tfvars");
	names_in("name", "");
}
