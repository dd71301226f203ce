/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Who is let in, and which steps of a call need not be told again. */
#include "testbed/serve/gate.h"
#include "testbed/serve/steps.h"

#include <criterion/criterion.h>
#include <string.h>

Test(gate, a_token_has_128_bits_and_is_drawn_anew)
{
	struct gate a, b;
	g_autofree char *url = NULL;

	cr_assert(gate_init(&a, 8080));
	cr_assert(gate_init(&b, 8080));
	cr_expect_eq(strlen(a.token), 32);
	cr_expect_eq(strspn(a.token, "0123456789abcdef"), 32);
	cr_expect_str_neq(a.token, b.token);
	memset(a.token, 'a', GATE_TOKEN_DIGITS);
	url = gate_url(&a);
	cr_expect_str_eq(url, "http://127.0.0.1:8080/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa/");
}

#define A31 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define TOKEN A31 "a"
#define HOST "127.0.0.1:8080"
#define OWN "http://127.0.0.1:8080"

Test(gate, requests_are_let_in_by_token_host_and_origin)
{
	static const struct row {
		struct gate_request request;
		enum gate_answer wanted;
	} rows[] = {
		{{"GET", "/" TOKEN "/", HOST, NULL}, GATE_PAGE},
		{{"GET", "/" TOKEN "/", HOST, OWN}, GATE_PAGE},
		{{"GET", "/" TOKEN "/socket", HOST, OWN}, GATE_SOCKET},
		{{"GET", "/" TOKEN "/socket", HOST, NULL}, GATE_FORBIDDEN},
		{{"GET", "/" TOKEN "/socket", HOST, "null"}, GATE_FORBIDDEN},
		{{"GET", "/" TOKEN "/socket", HOST, "http://127.0.0.1:8081"}, GATE_FORBIDDEN},
		{{"GET", "/" TOKEN "/socket", HOST, "https://127.0.0.1:8080"}, GATE_FORBIDDEN},
		{{"GET", "/" TOKEN "/", HOST, "http://evil.example"}, GATE_FORBIDDEN},
		{{"GET", "/" TOKEN "/", "localhost:8080", NULL}, GATE_FORBIDDEN},
		{{"GET", "/" TOKEN "/", "127.0.0.1", NULL}, GATE_FORBIDDEN},
		{{"GET", "/" TOKEN "/", NULL, NULL}, GATE_FORBIDDEN},
		{{"GET", "/" TOKEN "/", HOST ", evil.example", NULL}, GATE_FORBIDDEN},
		{{"POST", "/" TOKEN "/", HOST, NULL}, GATE_WRONG_METHOD},
		{{"get", "/" TOKEN "/", HOST, NULL}, GATE_WRONG_METHOD},
		{{NULL, "/" TOKEN "/", HOST, NULL}, GATE_WRONG_METHOD},
		{{"GET", "/" TOKEN, HOST, NULL}, GATE_NOT_FOUND},
		{{"GET", "/" TOKEN "//", HOST, NULL}, GATE_NOT_FOUND},
		{{"GET", "/" TOKEN "/socket/", HOST, OWN}, GATE_NOT_FOUND},
		{{"GET", "/" A31 "b/", HOST, NULL}, GATE_NOT_FOUND},
		{{"GET", "/b" A31 "/", HOST, NULL}, GATE_NOT_FOUND},
		{{"GET", "/" A31 "/", HOST, NULL}, GATE_NOT_FOUND},
		{{"GET", "/" TOKEN "a/", HOST, NULL}, GATE_NOT_FOUND},
		{{"GET", "//" TOKEN "/", HOST, NULL}, GATE_NOT_FOUND},
		{{"GET", TOKEN "/", HOST, NULL}, GATE_NOT_FOUND},
		{{"GET", "/", HOST, NULL}, GATE_NOT_FOUND},
		{{"GET", "", HOST, NULL}, GATE_NOT_FOUND},
		{{"GET", NULL, HOST, NULL}, GATE_NOT_FOUND},
		{{"POST", "/", HOST, NULL}, GATE_NOT_FOUND},
	};
	struct gate g;

	cr_assert(gate_init(&g, 8080));
	memset(g.token, 'a', GATE_TOKEN_DIGITS);
	for (guint i = 0; i < G_N_ELEMENTS(rows); i++)
		cr_expect_eq(gate_ask(&g, &rows[i].request), rows[i].wanted, "row %u", i);
}

/* --- steps ------------------------------------------------------------------------------------ */

Test(steps, what_is_equal_at_the_beginning_stays)
{
	static const struct {
		const char *old, *now;
		size_t kept;
	} rows[] = {
		{"[]", "[]", 0},
		{"[]", "[{\"n\": 0}]", 0},
		{"[{\"n\": 0}]", "[{\"n\": 0}, {\"n\": 1}]", 1},
		{"[{\"n\": 0}, {\"n\": 1}]", "[{\"n\": 0}]", 1},
		{"[{\"n\": 0}, {\"n\": 1, \"count\": 1}, {\"n\": 2}]",
		 "[{\"n\": 0}, {\"n\": 1, \"count\": 2}, {\"n\": 2}]", 1},
	};

	for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
		json_auto_t *old = json_loads(rows[i].old, 0, NULL),
			    *now = json_loads(rows[i].now, 0, NULL);

		cr_expect_eq(steps_kept(old, now), rows[i].kept, "row %u", i);
	}
}

Test(steps, one_on_its_way_will_be_another_one)
{
	json_auto_t *none = json_loads("[{\"n\": 0}]", 0, NULL),
		    *one = json_loads("[{\"n\": 0}, {\"n\": 1, \"waits\": true}]", 0, NULL);

	cr_expect(!steps_some_wait(none));
	cr_expect(steps_some_wait(one));
}
