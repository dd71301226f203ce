/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <criterion/criterion.h>
#include <math.h>
#include <string.h>

#include "common/media.h"

#define START_US 1000000000
#define MS 1000

/* Two ends of a stream with virtual time between them. */
struct ends {
	media_stream *a, *b;
	guint8 key_a[MEDIA_KEY_BYTES], key_b[MEDIA_KEY_BYTES];
};

static void open_ends(struct ends *e, const char *kind)
{
	const struct media_profile *p = media_profile_by_kind(kind);
	media_key_new(e->key_a);
	media_key_new(e->key_b);
	e->a = media_stream_new(p, 0xaaaa, e->key_a, e->key_b, START_US, NULL);
	e->b = media_stream_new(p, 0xbbbb, e->key_b, e->key_a, START_US, NULL);
	cr_assert(e->a && e->b, "streams cannot be made");
}

static void close_ends(struct ends *e)
{
	media_stream_free(e->a);
	media_stream_free(e->b);
}

static bool is_rtcp(const guint8 *packet)
{
	return (packet[1] & 0x7f) >= 64 && (packet[1] & 0x7f) <= 95;
}

/* What is due from `from` at `now_us`, delivered `delay_us` later; every `lose_every`th RTP packet
 * is lost (0: none). */
static void carry(media_stream *from, media_stream *to, gint64 now_us, gint64 delay_us,
		  guint lose_every, guint *count)
{
	_Alignas(8) guint8 packet[MEDIA_PACKET_MAX];
	gint64 next_us;
	gsize length;
	while ((length = media_stream_next(from, now_us, packet, &next_us)) > 0) {
		bool lost = !is_rtcp(packet) && lose_every && ++*count % lose_every == 0;
		if (!lost)
			cr_assert(media_stream_receive(to, now_us + delay_us, packet, length, NULL,
						       NULL),
				  "an authentic packet was refused");
	}
}

static void run(struct ends *e, guint ms, gint64 delay_us, guint lose_every)
{
	guint count = 0, none = 0;
	for (guint t = 0; t < ms; t += 5) {
		carry(e->a, e->b, START_US + t * MS, delay_us, lose_every, &count);
		/* What b makes comes after what it has received, never at the same moment. */
		carry(e->b, e->a, START_US + t * MS + (delay_us ? delay_us + 5 * MS : 0), delay_us,
		      0, &none);
	}
}

Test(media, a_second_of_audio_is_fifty_packets)
{
	struct ends e;
	struct media_quality q;
	open_ends(&e, "audio");
	run(&e, 1000, 0, 0);
	media_stream_quality(e.b, &q);
	cr_assert_eq(q.received, 50u, "received %llu", (unsigned long long)q.received);
	cr_assert_eq(q.expected, 50u, "expected %llu", (unsigned long long)q.expected);
	cr_assert_float_eq(q.loss_pct, 0, 1e-9, "loss %f", q.loss_pct);
	cr_assert_float_eq(q.jitter_ms, 0, 1e-6, "jitter %f", q.jitter_ms);
	cr_assert_eq(q.n_sources, 1u, "sources %u", q.n_sources);
	close_ends(&e);
}

/* The same speech in fewer packets: 200 ms each one way, frames of 20 ms the other; who waits for a
 * packet to fill hears later. */
Test(media, packets_hold_what_the_other_end_asked_for)
{
	struct ends e;
	struct media_quality at_a, at_b;
	open_ends(&e, "audio");
	media_stream_packet_times(e.a, 200, 0);
	media_stream_packet_times(e.b, 0, 200);
	run(&e, 10000, 0, 0);
	media_stream_quality(e.a, &at_a);
	media_stream_quality(e.b, &at_b);
	cr_expect_eq(at_b.received, 50u, "received %llu", (unsigned long long)at_b.received);
	cr_expect_eq(at_a.received, 500u, "received %llu", (unsigned long long)at_a.received);
	cr_expect_float_eq(at_b.jitter_ms, 0, 1e-6, "timestamps keep step: jitter %f",
			   at_b.jitter_ms);
	cr_expect_float_eq(at_b.loss_pct, 0, 1e-9, "loss %f", at_b.loss_pct);
	cr_expect_float_eq(at_b.degradation, 0, 1e-9, "no network took anything: %f",
			   at_b.degradation);
	cr_expect_gt(at_a.mos, at_b.mos, "delay costs");
	close_ends(&e);
}

Test(media, packet_times_are_whole_frames_of_speech)
{
	static const struct {
		const char *kind;
		guint ms, packets; /* in a second */
	} rows[] = {{"audio", 0, 50},  {"audio", 20, 50},  {"audio", 59, 25},
		    {"audio", 60, 17}, {"audio", 5000, 3}, {"video", 200, 50}};
	for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
		struct ends e;
		struct media_quality q;
		open_ends(&e, rows[i].kind);
		media_stream_packet_times(e.a, rows[i].ms, 0);
		run(&e, 1000, 0, 0);
		media_stream_quality(e.b, &q);
		cr_expect_eq(q.received, rows[i].packets, "%s of %u ms: %llu", rows[i].kind,
			     rows[i].ms, (unsigned long long)q.received);
		close_ends(&e);
	}
}

Test(media, video_is_460_kilobits)
{
	const struct media_profile *p = media_profile_by_kind("video");
	cr_assert_eq(p->payload_bytes * 8u * (G_USEC_PER_SEC / p->interval_us), 460000u, "rate");
}

Test(media, lost_packets_are_counted_and_reported_back)
{
	struct ends e;
	struct media_quality q, sender;
	open_ends(&e, "audio");
	run(&e, 2005, 0, 10);
	media_stream_quality(e.b, &q);
	media_stream_quality(e.a, &sender);
	/* 101 packets, each tenth lost. */
	cr_assert_eq(q.expected, 101u, "expected %llu", (unsigned long long)q.expected);
	cr_assert_float_eq(q.loss_pct, 100.0 * 10 / 101, 1e-6, "loss %f", q.loss_pct);
	cr_assert_float_eq(sender.remote_loss_pct, 10, 1.5, "the peer reported %f",
			   sender.remote_loss_pct);
	cr_assert_gt(media_mos(20, 0, 1, 11, 25.1), q.mos, "loss must cost quality");
	close_ends(&e);
}

Test(media, packets_under_way_at_the_end_are_not_lost)
{
	struct ends e;
	struct media_quality q;
	_Alignas(8) guint8 packet[MEDIA_PACKET_MAX];
	gint64 next_us;
	open_ends(&e, "audio");
	run(&e, 200, 0, 0);
	for (guint i = 0; i < 5; i++)
		(void)media_stream_next(e.a, START_US + (200 + 20 * i) * MS, packet, &next_us);
	media_stream_quality(e.b, &q);
	cr_assert_float_eq(q.loss_pct, 0, 1e-9, "loss %f", q.loss_pct);
	close_ends(&e);
}

Test(media, jitter_follows_rfc_3550)
{
	struct ends e;
	struct media_quality q;
	_Alignas(8) guint8 packet[MEDIA_PACKET_MAX];
	gint64 next_us;
	double expected_ms = 0;
	open_ends(&e, "audio");
	for (guint i = 0; i < 10; i++) {
		gint64 sent_us = START_US + i * 20 * MS;
		gsize length = media_stream_next(e.a, sent_us, packet, &next_us);
		/* Every other packet comes 4 ms late: |D| is 4 ms each time. */
		cr_assert(media_stream_receive(e.b, sent_us + (i % 2) * 4 * MS, packet, length,
					       NULL, NULL),
			  "refused");
		if (i > 0)
			expected_ms += (4 - expected_ms) / 16;
	}
	media_stream_quality(e.b, &q);
	cr_assert_float_eq(q.jitter_ms, expected_ms, 1e-3, "jitter %f, not %f", q.jitter_ms,
			   expected_ms);
	close_ends(&e);
}

Test(media, round_trip_comes_from_reports)
{
	struct ends e;
	struct media_quality q;
	open_ends(&e, "audio");
	run(&e, 3000, 40 * MS, 0);
	media_stream_quality(e.a, &q);
	cr_assert_float_eq(q.rtt_ms, 80, 1, "round trip %f", q.rtt_ms);
	close_ends(&e);
}

Test(media, wrong_key_and_replay_are_refused)
{
	struct ends e;
	struct media_quality q;
	_Alignas(8) guint8 packet[MEDIA_PACKET_MAX];
	gint64 next_us;
	open_ends(&e, "audio");
	media_stream *stranger = media_stream_new(media_profile_by_kind("audio"), 0xcccc, e.key_b,
						  e.key_b, START_US, NULL);
	gsize length = media_stream_next(e.a, START_US, packet, &next_us);
	cr_assert_not(media_stream_receive(stranger, START_US, packet, length, NULL, NULL),
		      "another key opened it");
	media_stream_quality(stranger, &q);
	cr_assert_eq(q.auth_failures, 1u, "not counted");
	cr_assert(media_stream_receive(e.b, START_US, packet, length, NULL, NULL), "refused");
	cr_assert_not(media_stream_receive(e.b, START_US, packet, length, NULL, NULL),
		      "taken twice");
	length = media_stream_next(e.a, START_US + 20 * MS, packet, &next_us);
	packet[20] ^= 1;
	cr_assert_not(media_stream_receive(e.b, START_US, packet, length, NULL, NULL),
		      "taken though changed");
	media_stream_quality(e.b, &q);
	cr_assert_eq(q.auth_failures, 1u, "failures %llu", (unsigned long long)q.auth_failures);
	cr_assert_eq(q.replays, 1u, "replays %llu", (unsigned long long)q.replays);
	cr_assert_eq(q.received, 1u, "received %llu", (unsigned long long)q.received);
	media_stream_free(stranger);
	close_ends(&e);
}

Test(media, rubbish_is_refused)
{
	struct ends e;
	static const guint8 rubbish[64] = {0x80, 200};
	open_ends(&e, "audio");
	for (gsize n = 0; n <= sizeof(rubbish); n++)
		cr_assert_not(media_stream_receive(e.b, START_US, rubbish, n, NULL, NULL),
			      "%zu bytes taken", n);
	close_ends(&e);
}

/* The last fifty may still be under way: what is missing among them is not lost yet. */
Test(media, only_old_packets_are_settled)
{
	struct ends e;
	struct media_heard h[2];
	open_ends(&e, "audio");
	run(&e, 900, 0, 5);
	cr_assert_eq(media_stream_settled(e.b, h, G_N_ELEMENTS(h)), 1u, "sources");
	cr_expect_eq(h[0].expected, 0u, "expected %llu", (unsigned long long)h[0].expected);
	run(&e, 4000, 0, 5);
	cr_assert_eq(media_stream_settled(e.b, h, G_N_ELEMENTS(h)), 1u, "sources");
	cr_expect_eq(h[0].ssrc, 0xaaaau, "source %x", h[0].ssrc);
	cr_expect(h[0].expected >= 140 && h[0].expected <= 150, "expected %llu",
		  (unsigned long long)h[0].expected);
	cr_expect_eq(h[0].expected - h[0].received, h[0].expected / 5, "received %llu",
		     (unsigned long long)h[0].received);
	close_ends(&e);
}

Test(media, a_forwarded_packet_keeps_its_source)
{
	struct ends e, f;
	_Alignas(8) guint8 packet[MEDIA_PACKET_MAX];
	const guint8 *rtp;
	gsize opened, length;
	gint64 next_us;
	struct media_heard heard[4];
	open_ends(&e, "audio");
	open_ends(&f, "audio");
	length = media_stream_next(e.a, START_US, packet, &next_us);
	cr_assert(media_stream_receive(e.b, START_US, packet, length, &rtp, &opened) && rtp,
		  "refused");
	length = media_stream_forward(f.a, rtp, opened, packet);
	cr_assert(media_stream_receive(f.b, START_US, packet, length, NULL, NULL),
		  "the forwarded packet was refused");
	cr_assert_eq(media_stream_sources(f.b, heard, 4), 1u, "sources");
	cr_assert_eq(heard[0].ssrc, 0xaaaau, "source %x", heard[0].ssrc);
	cr_assert_eq(heard[0].received, 1u, "received");
	cr_assert_eq(heard[0].expected, 1u, "expected");
	close_ends(&e);
	close_ends(&f);
}

Test(media, bye_is_authentic)
{
	struct ends e;
	_Alignas(8) guint8 packet[MEDIA_PACKET_MAX];
	open_ends(&e, "audio");
	gsize length = media_stream_bye(e.a, packet);
	cr_assert(is_rtcp(packet), "not RTCP");
	cr_assert(media_stream_receive(e.b, START_US, packet, length, NULL, NULL), "refused");
	close_ends(&e);
}

Test(media, mos_has_the_known_values)
{
	static const struct {
		double delay_ms, loss_pct, mos;
	} rows[] = {{20, 0, 4.40}, {150, 1, 4.23}, {250, 0, 3.99}, {300, 3, 3.22}, {100, 10, 3.29}};
	for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
		double mos = media_mos(rows[i].delay_ms, rows[i].loss_pct, 1, 0, 25.1);
		cr_expect_float_eq(mos, rows[i].mos, 0.006, "%.0f ms, %.0f %%: %.3f, not %.2f",
				   rows[i].delay_ms, rows[i].loss_pct, mos, rows[i].mos);
	}
	cr_expect_float_eq(media_mos(5000, 90, 1, 0, 25.1), 1, 1e-9, "the floor is 1");
}

Test(media, mos_falls_faster_with_bursts)
{
	cr_expect_gt(media_mos(50, 5, 1, 0, 25.1), media_mos(50, 5, 2, 0, 25.1));
}

Test(media, one_way_delay_is_measured)
{
	struct ends e;
	struct media_quality q;
	open_ends(&e, "audio");
	run(&e, 500, 42 * MS, 0);
	media_stream_quality(e.b, &q);
	cr_assert_float_eq(q.delay_ms, 42, 1e-6, "mean %f ms", q.delay_ms);
	cr_assert_float_eq(q.delay_max_ms, 42, 1e-6, "highest %f ms", q.delay_max_ms);
	cr_assert_float_eq(q.mos, media_mos(42 + 20, 0, 1, 11, 25.1), 1e-6,
			   "the delay counts in the MOS: %f", q.mos);
	cr_assert_float_eq(q.degradation, media_mos(20, 0, 1, 11, 25.1) - q.mos, 1e-6,
			   "degradation %f", q.degradation);
	close_ends(&e);
}

/* A call of any length has its course in as many parts as fit; nothing is left out of their sums.
 */
Test(media, the_course_of_a_call_of_any_length_is_kept)
{
	static const struct {
		guint ms, every_ms, parts;
	} rows[] = {{1000, 100, 10}, {6100, 200, 31}, {600000, 12800, 47}};
	for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
		struct ends e;
		struct media_interval parts[MEDIA_INTERVALS_MAX];
		struct media_quality q;
		guint64 received = 0, lost = 0;
		gint64 begins_us;
		guint every_ms, n;
		open_ends(&e, "audio");
		cr_expect_eq(media_stream_course(e.b, &begins_us, &every_ms, parts), 0);
		run(&e, rows[i].ms, 42 * MS, 10);
		n = media_stream_course(e.b, &begins_us, &every_ms, parts);
		media_stream_quality(e.b, &q);
		cr_expect_eq(begins_us, START_US + 42 * MS);
		cr_expect_eq(every_ms, rows[i].every_ms, "%u ms: %u", rows[i].ms, every_ms);
		cr_expect_eq(n, rows[i].parts, "%u ms: %u parts", rows[i].ms, n);
		for (guint k = 0; k < n; k++) {
			received += parts[k].received;
			lost += parts[k].lost;
			cr_expect_float_eq(parts[k].delay_ms, 42, 1e-6, "%f", parts[k].delay_ms);
			cr_expect_leq(parts[k].jitter_ms, 20);
		}
		cr_expect_eq(received, q.received);
		cr_expect_eq(received + lost, q.expected, "%u ms", rows[i].ms);
		close_ends(&e);
	}
}

/* Which of 20 packets come: '1'. */
Test(media, bursts_of_losses_are_counted)
{
	static const struct {
		const char *comes;
		guint64 bursts, longest;
	} rows[] = {
		{"11111111111111111111", 0, 0}, {"10101111111111111111", 2, 1},
		{"11100011110011111111", 2, 3}, {"00011111111111111111", 0, 0},
		{"11111111111111110001", 1, 3}, {"10000000000000000001", 1, 18},
	};
	for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
		struct ends e;
		struct media_quality q;
		_Alignas(8) guint8 packet[MEDIA_PACKET_MAX];
		gint64 next_us;
		open_ends(&e, "audio");
		for (guint k = 0; rows[i].comes[k]; k++) {
			gint64 at_us = START_US + k * 20 * MS;
			gsize length;
			while ((length = media_stream_next(e.a, at_us, packet, &next_us)) > 0)
				if (rows[i].comes[k] == '1' && !is_rtcp(packet))
					media_stream_receive(e.b, at_us, packet, length, NULL,
							     NULL);
		}
		media_stream_quality(e.b, &q);
		cr_expect(q.bursts == rows[i].bursts && q.burst_max == rows[i].longest,
			  "%s: %u runs, longest %u", rows[i].comes, (guint)q.bursts,
			  (guint)q.burst_max);
		close_ends(&e);
	}
}

Test(media, a_poor_stream_is_what_cqd_calls_poor)
{
	static const struct {
		const char *kind;
		struct media_quality q;
		unsigned poor;
	} rows[] = {
		{"audio", {.rtt_ms = 500, .loss_pct = 7, .jitter_ms = 30, .degradation = 1}, 0},
		{"audio",
		 {.rtt_ms = 501, .loss_pct = 0, .jitter_ms = 1, .degradation = 0},
		 MEDIA_POOR_RTT},
		{"audio",
		 {.rtt_ms = 10, .loss_pct = 8, .jitter_ms = 1, .degradation = 0.9},
		 MEDIA_POOR_CONCEALED},
		{"audio",
		 {.rtt_ms = 10, .loss_pct = 11, .jitter_ms = 31, .degradation = 1.1},
		 MEDIA_POOR_CONCEALED | MEDIA_POOR_LOSS | MEDIA_POOR_JITTER |
			 MEDIA_POOR_DEGRADATION},
		{"audio",
		 {.rtt_ms = NAN, .loss_pct = NAN, .jitter_ms = NAN, .degradation = NAN},
		 0},
		{"video", {.rtt_ms = 501, .loss_pct = 12, .jitter_ms = 31, .degradation = NAN}, 0},
		{"video",
		 {.rtt_ms = 10, .loss_pct = 16, .jitter_ms = 1, .degradation = NAN},
		 MEDIA_POOR_LOSS},
	};
	for (gsize i = 0; i < G_N_ELEMENTS(rows); i++)
		cr_expect_eq(media_poor(media_profile_by_kind(rows[i].kind), &rows[i].q),
			     rows[i].poor, "row %zu", i);
	cr_expect_str_eq(media_poor_name(0), "rtt");
	cr_expect_null(media_poor_name(5));
}

Test(media, crypto_lines)
{
	static const struct {
		const char *value;
		bool good;
	} rows[] = {
		{"1 AES_CM_128_HMAC_SHA1_80 inline:WVNfX19zZW1jdGwgKCkgewkyMjA7fQp9CnVubGVz|2^31",
		 true},
		{"1 AES_CM_128_HMAC_SHA1_80 inline:WVNfX19zZW1jdGwgKCkgewkyMjA7fQp9CnVubGVz", true},
		{"1 AES_CM_128_HMAC_SHA1_80 "
		 "inline:WVNfX19zZW1jdGwgKCkgewkyMjA7fQp9CnVubGVz|2^31|1:1",
		 false},
		{"1 AES_CM_128_HMAC_SHA1_32 inline:WVNfX19zZW1jdGwgKCkgewkyMjA7fQp9CnVubGVz",
		 false},
		{"1 AES_CM_128_HMAC_SHA1_80 inline:WVNf", false},
		{"1 AES_CM_128_HMAC_SHA1_80 inline:", false},
		{"1 AES_CM_128_HMAC_SHA1_80 inline:WVNfX19zZW1jdGwgKCkgewkyMjA7fQp9CnVubGVz "
		 "WSH=64 -X=1",
		 true},
		{"1 AES_CM_128_HMAC_SHA1_80 inline:WVNfX19zZW1jdGwgKCkgewkyMjA7fQp9CnVubGVz "
		 "UNENCRYPTED_SRTP",
		 false},
		{"x AES_CM_128_HMAC_SHA1_80 inline:WVNfX19zZW1jdGwgKCkgewkyMjA7fQp9CnVubGVz",
		 false},
		{"AES_CM_128_HMAC_SHA1_80", false},
		{"", false},
	};
	guint8 key[MEDIA_KEY_BYTES], again[MEDIA_KEY_BYTES];
	guint tag;
	for (gsize i = 0; i < G_N_ELEMENTS(rows); i++)
		cr_expect_eq(media_crypto_parse(rows[i].value, &tag, key), rows[i].good, "\"%s\"",
			     rows[i].value);
	media_key_new(key);
	g_autofree char *text = media_crypto_print(7, key);
	cr_assert(media_crypto_parse(text, &tag, again), "own line \"%s\" not understood", text);
	cr_assert_arr_eq(key, again, sizeof(key), "key changed on the way");
	cr_assert_eq(tag, 7u, "the tag is %u", tag);
}

/* RFC 4568 section 5.1.2: the first line that is supported, wherever it stands. */
Test(media, first_supported_crypto_line)
{
	static const char *const lines[] = {
		"1 AES_CM_128_HMAC_SHA1_80 "
		"inline:WVNfX19zZW1jdGwgKCkgewkyMjA7fQp9CnVubGVz|2^31|1:4",
		"2 AES_256_CM_HMAC_SHA1_80 "
		"inline:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA==",
		"3 AES_CM_128_HMAC_SHA1_80 inline:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
		"4 AES_CM_128_HMAC_SHA1_80 inline:WVNfX19zZW1jdGwgKCkgewkyMjA7fQp9CnVubGVz",
	};
	g_autoptr(GPtrArray) values = g_ptr_array_new();
	guint8 key[MEDIA_KEY_BYTES];
	guint tag = 0;
	for (gsize i = 0; i < G_N_ELEMENTS(lines); i++)
		g_ptr_array_add(values, (gpointer)(gsize)lines[i]);
	cr_assert(media_crypto_choose(values, &tag, key), "an MKI comes first");
	cr_expect_eq(tag, 3u, "tag %u", tag);
	g_ptr_array_set_size(values, 2);
	cr_expect_not(media_crypto_choose(values, &tag, key), "none is supported");
}

/* RFC 3264 section 6.1: only what was offered, under the number that it was offered with. */
Test(media, codec_in_common)
{
	static const struct {
		const char *name, *kind, *offered[4], *codec;
		guint type;
	} rows[] = {
		{"the product's",
		 "audio",
		 {"0 PCMU/8000", "114 x-msrta/16000"},
		 "x-msrta/16000",
		 114},
		{"another number", "audio", {"96 X-MSRTA/16000/1"}, "x-msrta/16000", 96},
		{"G.711",
		 "audio",
		 {"98 opus/48000/2", "8 PCMA/8000", "0 PCMU/8000"},
		 "PCMU/8000",
		 0},
		{"A-law alone", "audio", {"8 PCMA/8000"}, "PCMA/8000", 8},
		{"other rate", "audio", {"0 PCMU/16000"}, NULL, 0},
		{"longer name", "audio", {"0 PCMU/80000"}, NULL, 0},
		{"stereo", "audio", {"0 PCMU/8000/2"}, NULL, 0},
		{"nothing", "audio", {NULL}, NULL, 0},
		{"other video", "video", {"97 H264/90000"}, NULL, 0},
	};
	for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autoptr(GPtrArray) offered = g_ptr_array_new();
		guint type = 0;
		for (guint k = 0; rows[i].offered[k]; k++)
			g_ptr_array_add(offered, (gpointer)(gsize)rows[i].offered[k]);
		const struct media_profile *p = media_profile_choose(rows[i].kind, offered, &type);
		cr_expect_eq(g_strcmp0(p ? p->codec : NULL, rows[i].codec), 0, "%s: %s",
			     rows[i].name, p ? p->codec : "none");
		cr_expect(!p || type == rows[i].type, "%s: type %u", rows[i].name, type);
	}
}

/* Another program's packets count when they are authentic, though their payload is not ours. */
Test(media, sound_of_another_program)
{
	static const struct {
		const char *codec;
		bool counted;
	} rows[] = {{"0 PCMU/8000", true}, {"114 x-msrta/16000", false}};
	for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autoptr(GPtrArray) offered = g_ptr_array_new();
		struct ends e;
		struct media_quality q;
		_Alignas(8) guint8 sound[12 + 160] = {0x80, 0, 0xff, 0xff},
					      packet[MEDIA_PACKET_MAX];
		guint type;
		g_ptr_array_add(offered, (gpointer)(gsize)rows[i].codec);
		open_ends(&e, "audio");
		media_stream *to = media_stream_new(media_profile_choose("audio", offered, &type),
						    0xcccc, e.key_b, e.key_a, START_US, NULL);
		for (guint k = 0; k < 4; k++) {
			gsize n = media_stream_forward(e.a, sound, sizeof sound, packet);
			bool taken = media_stream_receive(to, START_US + k * 20 * MS, packet, n,
							  NULL, NULL);
			cr_expect_eq(taken, rows[i].counted, "%s: packet %u", rows[i].codec, k);
			sound[2] = 0;
			sound[3] = (guint8)(k < 2 ? k : k + 1); /* one number is left out */
		}
		media_stream_quality(to, &q);
		cr_expect_eq(q.received, rows[i].counted ? 4u : 0u, "%s: received", rows[i].codec);
		cr_expect_eq(q.expected, rows[i].counted ? 5u : 0u, "%s: expected %u",
			     rows[i].codec, (guint)q.expected);
		cr_expect(isnan(q.delay_ms), "%s: nobody knows the delay", rows[i].codec);
		media_stream_free(to);
		close_ends(&e);
	}
}
