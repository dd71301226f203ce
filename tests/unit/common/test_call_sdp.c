/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Session descriptions and trickle fragments, there and back and as others write them. */
#include "common/call_sdp.h"

#include <criterion/criterion.h>
#include <string.h>

static const char host[] = "1 1 UDP 2130706431 10.1.1.10 50010 typ host";
static const char relay[] =
	"2 1 UDP 16777215 192.0.2.5 50500 typ relay raddr 203.0.113.7 rport 4500";
static const char lync_tcp[] =
	"3 1 TCP-PASS 174455807 192.0.2.5 50600 typ relay raddr 203.0.113.7 rport 4501";
static const char crypto[] =
	"1 AES_CM_128_HMAC_SHA1_80 inline:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA|2^31";

static call_sdp *offer(void)
{
	call_sdp *s = call_sdp_new("10.1.1.10");
	struct call_sdp_media *audio = call_sdp_add(s, "audio");
	struct call_sdp_media *video = call_sdp_add(s, "video");

	audio->ufrag = g_strdup("uf/1");
	audio->pwd = g_strdup("password+audio/long=enough");
	g_ptr_array_add(audio->candidates, g_strdup(host));
	g_ptr_array_add(audio->candidates, g_strdup(relay));
	g_ptr_array_add(audio->candidates, g_strdup(lync_tcp));
	audio->end_of_candidates = true;
	g_ptr_array_add(audio->cryptos, g_strdup(crypto));
	g_ptr_array_add(audio->rtpmaps, g_strdup("114 x-msrta/16000"));
	audio->remote_candidates = g_strdup("1 10.2.0.10 50020");
	audio->ssrc = 4000000000u;
	audio->ptime_ms = 60;
	video->ufrag = g_strdup("uf2v");
	video->pwd = g_strdup("password+video/long=enough");
	g_ptr_array_add(video->rtpmaps, g_strdup("122 X-H264UC/90000"));
	return s;
}

static call_sdp *parse(const char *text)
{
	g_autoptr(GError) error = NULL;
	call_sdp *s = call_sdp_parse(text, strlen(text), &error);

	cr_assert(s, "%s\n%s", error ? error->message : "", text);
	return s;
}

static struct call_sdp_media *medium(const call_sdp *s, guint i)
{
	cr_assert_gt(s->media->len, i);
	return g_ptr_array_index(s->media, i);
}

Test(call_sdp, there_and_back)
{
	g_autoptr(call_sdp) s = offer();
	g_autofree char *text = call_sdp_print(s);
	g_autoptr(call_sdp) got = parse(text);
	g_autofree char *again = call_sdp_print(got);
	const struct call_sdp_media *audio = medium(got, 0);
	const struct call_sdp_media *video = medium(got, 1);

	cr_expect_str_eq(got->address, "10.1.1.10");
	cr_expect_eq(got->media->len, 2u);
	cr_expect_str_eq(audio->kind, "audio");
	cr_expect_eq(audio->ptime_ms, 60u);
	cr_expect_eq(video->ptime_ms, 0u, "not said");
	cr_expect_str_eq(audio->ufrag, "uf/1");
	cr_expect_str_eq(audio->pwd, "password+audio/long=enough");
	cr_assert_eq(audio->candidates->len, 3u);
	cr_expect_str_eq(g_ptr_array_index(audio->candidates, 0), host);
	cr_expect_str_eq(g_ptr_array_index(audio->candidates, 1), relay);
	cr_expect_str_eq(g_ptr_array_index(audio->candidates, 2), lync_tcp,
			 "the product's spelling comes through");
	cr_expect(audio->end_of_candidates);
	cr_assert_eq(audio->cryptos->len, 1u);
	cr_expect_str_eq(g_ptr_array_index(audio->cryptos, 0), crypto);
	cr_assert_eq(audio->rtpmaps->len, 1u);
	cr_expect_str_eq(g_ptr_array_index(audio->rtpmaps, 0), "114 x-msrta/16000");
	cr_expect_str_eq(audio->remote_candidates, "1 10.2.0.10 50020");
	cr_expect_eq(audio->ssrc, 4000000000u);
	cr_expect_str_eq(video->kind, "video");
	cr_expect_eq(video->candidates->len, 0u);
	cr_expect(!video->end_of_candidates);
	cr_expect_eq(video->cryptos->len, 0u);
	cr_expect_eq(video->ssrc, 0u);
	cr_expect_str_eq(again, text);
}

Test(call_sdp, default_destination)
{
	g_autoptr(call_sdp) s = offer();
	g_autofree char *text = call_sdp_print(s);

	cr_expect(strstr(text, "m=audio 50010 RTP/SAVP 114\r\nc=IN IP4 10.1.1.10\r\n"),
		  "the first candidate\n%s", text);
	cr_expect(strstr(text, "m=video 9 RTP/SAVP 122\r\n"), "not known yet\n%s", text);
}

Test(call_sdp, message)
{
	g_autoptr(call_sdp) s = call_sdp_new("10.1.1.10");

	call_sdp_add(s, "message");

	g_autofree char *text = call_sdp_print(s);
	g_autoptr(call_sdp) got = parse(text);

	cr_expect(strstr(text, "m=message 5060 sip null\r\na=accept-types:text/plain\r\n"), "%s",
		  text);
	cr_expect_str_eq(medium(got, 0)->kind, "message");
	cr_expect_null(medium(got, 0)->ufrag);
	cr_expect_eq(medium(got, 0)->rtpmaps->len, 0u);
}

/* Things we do not write: credentials for the whole session, unknown attributes, other line ends.
 */
Test(call_sdp, of_another_writer)
{
	static const char text[] =
		"v=0\no=- 1 1 IN IP4 192.0.2.1\ns=-\nc=IN IP4 192.0.2.1\nb=CT:99980\nt=0 0\n"
		"a=x-devicecaps:audio:send,recv\na=ice-ufrag:sess\na=ice-pwd:"
		"sessionpasswordsession\n"
		"m=audio 4000 RTP/SAVP 0 8 101\na=rtpmap:0 PCMU/8000\na=rtpmap:101 "
		"telephone-event/8000\n"
		"a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:a|2^31|1:4\n"
		"a=crypto:2 AES_CM_128_HMAC_SHA1_80 inline:b\n"
		"a=fmtp:101 0-16\na=x-ssrc-range:1-1\na=ssrc:77 cname:x\n"
		"a=candidate:1 1 TCP-ACT 1684798975 192.0.2.1 4000 typ srflx raddr 10.0.0.1 rport "
		"4000\n"
		"a=unknown\nm=application 5000 UDP data\nm=audio 0 RTP/AVP 0\n";
	g_autoptr(call_sdp) s = parse(text);
	const struct call_sdp_media *m = medium(s, 0);

	cr_expect_str_eq(m->ufrag, "sess");
	cr_expect_str_eq(m->pwd, "sessionpasswordsession");
	cr_assert_eq(m->rtpmaps->len, 3u, "all formats, also the static one without a line");
	cr_expect_str_eq(g_ptr_array_index(m->rtpmaps, 0), "0 PCMU/8000");
	cr_expect_str_eq(g_ptr_array_index(m->rtpmaps, 1), "8 PCMA/8000");
	cr_expect_str_eq(m->formats, "0 8 101");
	cr_expect_eq(m->cryptos->len, 2u, "every line");
	cr_expect(m->no_rtcp_mux, "not offered");
	cr_expect(s->no_trickle, "nothing says that it trickles");
	cr_expect_not(m->rejected);
	cr_expect_str_eq(medium(s, 1)->formats, "data");
	cr_expect(medium(s, 2)->rejected, "port 0");
	cr_expect_eq(m->ssrc, 77u);
	cr_expect_str_eq(
		g_ptr_array_index(m->candidates, 0),
		"1 1 TCP-ACT 1684798975 192.0.2.1 4000 typ srflx raddr 10.0.0.1 rport 4000");
	cr_expect_eq(s->media->len, 3u);
}

/* RFC 3264 section 6: a rejected line has port 0 and the formats of the offer. */
Test(call_sdp, rejected_line)
{
	g_autoptr(call_sdp) s = call_sdp_new("10.1.1.10");
	struct call_sdp_media *m = call_sdp_add(s, "application");

	m->protocol = g_strdup("UDP/DTLS/SCTP");
	m->formats = g_strdup("webrtc-datachannel");
	m->rejected = true;

	g_autofree char *text = call_sdp_print(s);

	cr_expect(g_str_has_suffix(text, "m=application 0 UDP/DTLS/SCTP webrtc-datachannel\r\n"),
		  "%s", text);
}

Test(call_sdp, malformed)
{
	static const char *const rows[] = {
		"",
		"v=0\r\n",
		"hello",
		"v=0\r\no=- 0 0 IN IP4 1.2.3.4\r\ns=-\r\nc=IN IP4 1.2.3.4\r\nt=0 0\r\n",
		"v=0\r\no=- 0 0 IN IP4 1.2.3.4\r\ns=-\r\nc=IN IP4 1.2.3.4\r\nt=0 0\r\nm=audio x "
		"RTP/SAVP 0\r\n",
		"v=0\r\no=- 0 0 IN IP4 1.2.3.4\r\ns=-\r\nc=IN IP4 1.2.3.4\r\nt=0 0\r\nm=audio\r\n",
		"v=0\r\no=- 0 0 IN IP4 1.2.3.4\r\ns=-\r\nc=IN IP4 1.2.3.4\r\nt=0 0\r\nm=audio 1 "
		"RTP/SAVP \r\n",
		/* found by fuzzing: sofia-sip would take all memory */
		"v=0\r\no=- 0 0 IN IP4 1.2.3.4\r\ns=-\r\nc=IN IP4 1.2.3.4\r\nt=0 0\r\nm=audio 1 "
		"RTP/\xA1=x\r\n",
		"v=0\r\no=- 0 0 IN IP4 1.2.3.4\r\ns=-\r\nc=IN IP4 1.2.3.4\r\nt=0 0\r\nm=audio "
		"50*10 RTP /114\r\n",
	};

	for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autoptr(GError) error = NULL;

		cr_expect_null(call_sdp_parse(rows[i], strlen(rows[i]), &error), "%s", rows[i]);
		cr_expect(error, "%s", rows[i]);
	}
}

/* --- fragments -------------------------------------------------------------------------------- */

Test(call_sdpfrag, there_and_back)
{
	const char *const candidates[] = {host, relay, NULL};
	g_autofree char *text = call_sdpfrag_print("uf", "pw", 1, candidates, true);
	g_autoptr(GPtrArray) got = g_ptr_array_new_with_free_func(g_free);
	guint index = 99;
	bool end = false;

	cr_assert(call_sdpfrag_parse(text, strlen(text), &index, got, &end), "%s", text);
	cr_expect_eq(index, 1u);
	cr_expect(end);
	cr_assert_eq(got->len, 2u);
	cr_expect_str_eq(g_ptr_array_index(got, 0), host);
	cr_expect_str_eq(g_ptr_array_index(got, 1), relay);
}

Test(call_sdpfrag, only_the_end)
{
	g_autofree char *text = call_sdpfrag_print("uf", "pw", 0, NULL, true);
	g_autoptr(GPtrArray) got = g_ptr_array_new_with_free_func(g_free);
	guint index = 99;
	bool end = false;

	cr_assert(call_sdpfrag_parse(text, strlen(text), &index, got, &end));
	cr_expect_eq(index, 0u);
	cr_expect(end);
	cr_expect_eq(got->len, 0u);
}

/* RFC 8840 section 9, figure of the INFO request, in our numbers. */
Test(call_sdpfrag, of_another_writer)
{
	static const char text[] =
		"a=ice-options:trickle\na=group:BUNDLE 0\nm=audio 9 RTP/AVP 0\na=mid:0\n"
		"a=ice-pwd:asd88fgpdd777uzjYhagZg\na=ice-ufrag:8hhY\na=rtcp-mux\n"
		"a=candidate:2 1 UDP 1658497328 198.51.100.33 5000 typ host\n";
	g_autoptr(GPtrArray) got = g_ptr_array_new_with_free_func(g_free);
	guint index = 99;
	bool end = true;

	cr_assert(call_sdpfrag_parse(text, strlen(text), &index, got, &end));
	cr_expect_eq(got->len, 1u);
	cr_expect(!end);
}

Test(call_sdpfrag, malformed)
{
	static const char *const rows[] = {
		"",
		"a=candidate:1 1 UDP 1 1.2.3.4 5 typ host\r\n",
		"a=mid:x\r\na=end-of-candidates\r\n",
		"a=mid:99999\r\n",
		"a=mid:0\r\na=mid:1\r\n",
		"a=mid:0\r\nnonsense\r\n",
		"m=audio 9 RTP/AVP 0\r\na=mid:0\r\nm=video 9 RTP/AVP 0\r\n",
	};

	for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autoptr(GPtrArray) got = g_ptr_array_new_with_free_func(g_free);
		guint index = 99;
		bool end = false;

		cr_expect(!call_sdpfrag_parse(rows[i], strlen(rows[i]), &index, got, &end), "%s",
			  rows[i]);
		cr_expect_eq(got->len, 0u, "%s: nothing is left in the list", rows[i]);
	}
}
