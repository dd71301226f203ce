/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "testbed/base/json_scan.h"

#include <string.h>

#define DEPTH_MAX 64
#define INDENT "        "
#define INDENT_BYTES (sizeof INDENT - 1)

static bool scan_wrong(struct json_scan *s, const char *what)
{
	if (!s->wrong)
		s->wrong = what;
	return false;
}

static bool is_space(char byte)
{
	return byte == ' ' || byte == '\n' || byte == '\t' || byte == '\r';
}

/* Half of a document is indentation, which is passed over in steps of several bytes. */
static void pass_space(struct json_scan *s)
{
	while (s->at < s->end && is_space(*s->at)) {
		s->at++;
		while ((gsize)(s->end - s->at) >= INDENT_BYTES &&
		       memcmp(s->at, INDENT, INDENT_BYTES) == 0)
			s->at += INDENT_BYTES;
	}
}

/* The next byte after space; NUL: there is none. */
static char next_byte(struct json_scan *s)
{
	pass_space(s);
	return s->at < s->end ? *s->at : '\0';
}

/* Passes over this byte, if it is the next one. */
static bool pass_byte(struct json_scan *s, char byte)
{
	if (s->at == s->end || *s->at != byte)
		return false;
	s->at++;
	return true;
}

/* The same behind space. */
static bool take_byte(struct json_scan *s, char byte)
{
	pass_space(s);
	return pass_byte(s, byte);
}

/* Passes over the rest of an escape, from behind the backslash. */
static bool pass_escape(struct json_scan *s)
{
	static const char letters[] = "\"\\/bfnrt";
	char byte = s->at < s->end ? *s->at++ : '\0';

	if (byte != 'u')
		return (byte != '\0' && strchr(letters, byte)) || scan_wrong(s, "no such escape");
	for (int i = 0; i < 4; i++, s->at++) {
		if (s->at == s->end || !g_ascii_isxdigit(*s->at))
			return scan_wrong(s, "\\u without four hexadecimal digits");
	}
	return true;
}

/* The first byte from `at` on that does not stand for itself in a text; `end`: all do. */
static const char *plain_end(const char *at, const char *end)
{
	while (at < end && (unsigned char)*at >= 0x20 && *at != '"' && *at != '\\')
		at++;
	return at;
}

static bool pass_text(struct json_scan *s)
{
	s->at++;
	for (;;) {
		s->at = plain_end(s->at, s->end);
		if (s->at == s->end)
			return scan_wrong(s, "a text without end");
		switch (*s->at++) {
		case '"':
			return true;
		case '\\':
			if (!pass_escape(s))
				return false;
			break;
		default:
			return scan_wrong(s, "a control character in a text");
		}
	}
}

/* Passes over digits; false: there are none. */
static bool pass_digits(struct json_scan *s)
{
	const char *first = s->at;

	while (s->at < s->end && g_ascii_isdigit(*s->at))
		s->at++;
	return s->at > first;
}

static bool pass_number(struct json_scan *s)
{
	bool ok;

	pass_byte(s, '-');
	ok = pass_byte(s, '0') || pass_digits(s);
	if (ok && pass_byte(s, '.'))
		ok = pass_digits(s);
	if (ok && (pass_byte(s, 'e') || pass_byte(s, 'E'))) {
		if (!pass_byte(s, '+'))
			pass_byte(s, '-');
		ok = pass_digits(s);
	}
	return ok || scan_wrong(s, "no such number");
}

static bool pass_word(struct json_scan *s, const char *word)
{
	gsize length = strlen(word);

	if ((gsize)(s->end - s->at) < length || memcmp(s->at, word, length) != 0)
		return scan_wrong(s, "no such value");
	s->at += length;
	return true;
}

static bool pass_member(struct json_scan *s, const struct json_slice *key G_GNUC_UNUSED,
			gpointer user_data G_GNUC_UNUSED)
{
	return json_scan_value(s, NULL);
}

static bool pass_item(struct json_scan *s, gpointer user_data G_GNUC_UNUSED)
{
	return json_scan_value(s, NULL);
}

static bool pass_value(struct json_scan *s)
{
	switch (next_byte(s)) {
	case '{':
		return json_scan_object(s, pass_member, NULL);
	case '[':
		return json_scan_array(s, pass_item, NULL);
	case '"':
		return pass_text(s);
	case 't':
		return pass_word(s, "true");
	case 'f':
		return pass_word(s, "false");
	case 'n':
		return pass_word(s, "null");
	default:
		return pass_number(s);
	}
}

void json_scan_begin(struct json_scan *s, const char *bytes, gsize length)
{
	*s = (struct json_scan){.begin = bytes, .at = bytes, .end = bytes + length};
}

gsize json_scan_at(struct json_scan *s)
{
	pass_space(s);
	return (gsize)(s->at - s->begin);
}

bool json_scan_end(struct json_scan *s)
{
	pass_space(s);
	return s->at == s->end || scan_wrong(s, "something behind the document");
}

bool json_scan_value(struct json_scan *s, struct json_slice *ret)
{
	const char *first;

	pass_space(s);
	first = s->at;
	if (!pass_value(s))
		return false;
	if (ret)
		*ret = (struct json_slice){first, (gsize)(s->at - first)};
	return true;
}

/* Begins an object or an array; false: it is none, or too deep. */
static bool open_bracket(struct json_scan *s, char bracket, const char *missing)
{
	if (!take_byte(s, bracket))
		return scan_wrong(s, missing);
	if (++s->depth > DEPTH_MAX)
		return scan_wrong(s, "nested too deep");
	return true;
}

/* After an item: whether another one follows.  *ret_ok is false when neither it nor the end does.
 */
static bool follows_another(struct json_scan *s, char bracket, bool *ret_ok)
{
	if (take_byte(s, ','))
		return true;
	*ret_ok = take_byte(s, bracket) || scan_wrong(s, "',' or the end is missing");
	return false;
}

static bool scan_member(struct json_scan *s, json_member_func member, gpointer user_data)
{
	struct json_slice key;

	if (next_byte(s) != '"')
		return scan_wrong(s, "a key is missing");
	key.at = s->at + 1;
	if (!pass_text(s))
		return false;
	key.length = (gsize)(s->at - key.at - 1);
	if (!take_byte(s, ':'))
		return scan_wrong(s, "':' is missing");
	return member(s, &key, user_data);
}

bool json_scan_object(struct json_scan *s, json_member_func member, gpointer user_data)
{
	bool ok = open_bracket(s, '{', "no object");

	if (ok && !take_byte(s, '}')) {
		do {
			ok = scan_member(s, member, user_data);
		} while (ok && follows_another(s, '}', &ok));
	}
	s->depth--;
	return ok;
}

bool json_scan_array(struct json_scan *s, json_item_func item, gpointer user_data)
{
	bool ok = open_bracket(s, '[', "no list");

	if (ok && !take_byte(s, ']')) {
		do {
			ok = item(s, user_data);
		} while (ok && follows_another(s, ']', &ok));
	}
	s->depth--;
	return ok;
}

bool json_slice_is(const struct json_slice *slice, const char *text)
{
	return slice->length == strlen(text) && memcmp(slice->at, text, slice->length) == 0;
}
