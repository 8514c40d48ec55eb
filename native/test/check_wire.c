#include "protocol/wire.h"

#include <stdlib.h>
#include <string.h>

#include "lib/base.h"
#include "test/check.h"

static void check_header(void)
{
	uint8_t header[WIRE_HEADER];
	struct frame frame;
	frame_encode(header, FRAME_STATE, 0xA1B2C3D4);
	CHECK(memcmp(header, "TZ\x04\x07\xD4\xC3\xB2\xA1", sizeof header) == 0);
	CHECK(frame_decode(header, &frame) && frame.version == WIRE_VERSION && frame.type == FRAME_STATE && frame.length == 0xA1B2C3D4);
	CHECK(frame_limit(FRAME_SET) == 64 << 20 && frame_limit(0) == 64 << 10);
	CHECK(frame_limit(FRAME_GET) == 4214790);
	header[1] = 'z';
	CHECK(!frame_decode(header, &frame));
	header[1] = 'Z';
	header[0] = 't';
	CHECK(!frame_decode(header, &frame));
}

static void check_numbers(void)
{
	static const uint8_t bytes[] = {1, 2, 1, 4, 3, 2, 1, 8, 7, 6, 5, 4, 3, 2, 1};
	struct reader r = {bytes, sizeof bytes, false};
	CHECK(get_u8(&r) == 1);
	CHECK(get_u16(&r) == 0x0102);
	CHECK(get_u32(&r) == 0x01020304);
	CHECK(get_u64(&r) == 0x0102030405060708);
	CHECK(!r.bad && r.left == 0);
	CHECK(get_u8(&r) == 0 && r.bad);
}

/* Once past the end everything reads as nothing, even what would still fit. */
static void check_sticky(void)
{
	static const uint8_t bytes[] = {5, 6, 7};
	struct reader r = {bytes, sizeof bytes, false};
	uint32_t size = 99;
	CHECK(get_u32(&r) == 0 && r.bad && r.left == 0);
	CHECK(get_u8(&r) == 0);
	CHECK(get_str(&r, 10).size == 0);
	CHECK(get_bytes(&r, 10, &size) == NULL && size == 0);
	CHECK(get_config_id(&r).field[4] == 0);
	struct reader none = {NULL, 0, false};
	CHECK(get_u64(&none) == 0 && none.bad);
}

static bool reads_str(const void *bytes, size_t size, size_t max, const char *wanted)
{
	/* a copy of its exact size, so that the sanitizer sees a read behind it */
	uint8_t *copy = allocate(size, 1);
	memcpy(copy, bytes, size);
	struct reader r = {copy, size, false};
	struct str s = get_str(&r, max);
	bool same = wanted ? !r.bad && str_is(s, wanted) : r.bad && s.size == 0;
	free(copy);
	return same;
}

static void check_strings(void)
{
	CHECK(reads_str("\0\0", 2, 0, ""));
	CHECK(reads_str("\3\0abc", 5, 3, "abc"));
	CHECK(reads_str("\3\0abcd", 6, 3, "abc"));
	CHECK(reads_str("\3\0abc", 5, 2, NULL));  /* over the bound */
	CHECK(reads_str("\4\0abc", 5, 10, NULL)); /* more than is there */
	CHECK(reads_str("\xff\xff", 2, 65535, NULL));
	CHECK(reads_str("\3\0a\0c", 5, 10, NULL)); /* NUL inside */
	CHECK(reads_str("\1\0\0", 3, 10, NULL));
	CHECK(reads_str("\1", 1, 10, NULL));
	CHECK(reads_str("", 0, 10, NULL));
}

static void check_values(void)
{
	static const uint8_t bytes[] = {3, 0, 0, 0, 'a', 0, 'c'}, huge[] = {0xff, 0xff, 0xff, 0xff, 1};
	struct reader r = {bytes, sizeof bytes, false};
	uint32_t size;
	const uint8_t *at = get_bytes(&r, 3, &size);
	CHECK(at == bytes + 4 && size == 3 && r.left == 0 && !r.bad);
	r = (struct reader){bytes, sizeof bytes, false};
	CHECK(!get_bytes(&r, 2, &size) && size == 0 && r.bad);
	r = (struct reader){bytes, sizeof bytes - 1, false};
	CHECK(!get_bytes(&r, 9, &size) && size == 0 && r.bad);
	r = (struct reader){huge, sizeof huge, false};
	CHECK(!get_bytes(&r, UINT32_MAX, &size) && size == 0 && r.bad);
}

static void too_long(void)
{
	struct writer w = {0};
	put_str(&w, "", 65536);
}

static void check_writer(void)
{
	struct writer w = {0};
	char text[256];
	struct config_id id = {{1, 2, 3, 4, UINT64_MAX}}, other = id;
	frame_begin(&w);
	put_u16(&w, 0xBEEF);
	put_str(&w, "abc", 3);
	put_config_id(&w, &id);
	frame_finish(&w, FRAME_EXEC);
	CHECK(w.used == WIRE_HEADER + 2 + 5 + 40);
	CHECK(memcmp(w.data, "TZ\x04\x03\x2f\0\0\0\xEF\xBE\3\0abc", 15) == 0);
	struct reader r = {w.data + 15, w.used - 15, false};
	struct config_id read = get_config_id(&r);
	CHECK(config_id_same(&id, &read) && r.left == 0);
	other.field[4]--;
	CHECK(!config_id_same(&id, &other));
	/* a second frame in the same writer starts anew */
	frame_begin(&w);
	frame_finish(&w, FRAME_OK);
	CHECK(w.used == WIRE_HEADER && memcmp(w.data, "TZ\x04\x02\0\0\0\0", 8) == 0);
	for (int i = 0; i < 100000; i++)
		put_u8(&w, (uint8_t)i);
	CHECK(w.used == WIRE_HEADER + 100000 && w.data[w.used - 1] == (uint8_t)99999);
	writer_free(&w);
	CHECK(!w.data && w.used == 0 && w.room == 0);
	CHECK(check_exit(too_long, text, sizeof text) == EXIT_DATA);
}

void check_wire(void)
{
	const struct str abc = {"abc", 3}, abd = {"abd", 3}, ab = {"abc", 2};
	check_header();
	check_numbers();
	check_sticky();
	check_strings();
	check_values();
	check_writer();
	CHECK(str_same(abc, abc) && !str_same(abc, abd) && !str_same(abc, ab));
	CHECK(str_is(abc, "abc") && !str_is(abc, "abcd") && !str_is(ab, "abc"));
}
