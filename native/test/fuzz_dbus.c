/* A message of the bus, as the sentinel reads it: nothing is read outside of it, and its texts end. */
#include <stdlib.h>
#include <string.h>

#include "holder/dbus.h"
#include "test/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct dbus_message m;
	char text[DBUS_NAME];
	uint32_t number;
	if (size < 16 || dbus_length(data) != size || !dbus_parse(&m, data, size))
		return 0;
	if (m.body < data || m.body + m.size != data + size)
		abort();
	if (strlen(m.path) >= DBUS_NAME || strlen(m.sender) >= DBUS_NAME || strlen(m.signature) >= DBUS_NAME)
		abort();
	if (dbus_text(&m, text) && strlen(text) >= DBUS_NAME)
		abort();
	(void)dbus_number(&m, &number);
	return 0;
}
