/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Sentences: {from} and {to} are the step's nodes, {what}, {value} and {peer} the words that are
 * given.  A part in brackets is left out when a word in it is not given. */
#include "testbed/report/story_parts.h"

#include <string.h>

static const struct row {
	const char *name, *protocol;
	const char *title; /* NULL: the name */
	const char *text;
} rows[] = {
	{"DNS query", "dns", NULL, "{from} asks {to} for the address of {what}."},
	{"DNS answer", "dns", NULL, "{from} answers {to}: {what} is [{value}]."},
	{"TCP SYN", "tcp", NULL, "{from} opens a TCP connection to {to}."},
	{"TCP SYN+ACK", "tcp", NULL, "{from} accepts the TCP connection of {to}."},
	{"TCP RST", "tcp", NULL, "{from} refuses or breaks off the TCP connection with {to}."},
	{"TLS ClientHello", "tls", NULL,
	 "{from} begins TLS with {to}[ and asks for the server named {what}]."},
	{"TLS ServerHello", "tls", NULL,
	 "{from} answers with its part of the TLS handshake; from here on {to} and {from} are "
	 "encrypted."},
	{"TLS alert", "tls", NULL,
	 "{from} tells {to} by a TLS alert that something is wrong or over."},
	{"HTTP GET", "http", NULL,
	 "{from} asks the web service on {to} where its server is ({what})[; it gets: {value}]."},
	{"signed in", "sip", "Signed in", "{from} is signed in at {what}[; its relay is {value}]."},
	{"sign-in failed", "sip", "Sign-in failed",
	 "{from} could not sign in[ at the stage {what}][: {value}]."},

	{"SIP REGISTER", "sip", NULL, "{from} signs the user in at {to}, or renews that."},
	{"SIP SERVICE", "sip", NULL, "{from} asks {to} for credentials of the media relay."},
	{"SIP SUBSCRIBE", "sip", NULL, "{from} asks {to} for its settings (in-band provisioning)."},
	{"SIP NOTIFY", "sip", NULL, "{from} sends {to} settings or news that were asked for."},
	{"SIP INVITE", "sip", NULL,
	 "{from} invites the other end to a call, by {to}[, {value} that media could use]."},
	{"SIP ACK", "sip", NULL, "{from} confirms to {to} that the answer arrived."},
	{"SIP PRACK", "sip", NULL, "{from} confirms a provisional answer to {to}."},
	{"SIP CANCEL", "sip", NULL, "{from} takes its invitation back, by {to}."},
	{"SIP BYE", "sip", NULL, "{from} ends the call, by {to}."},
	{"SIP MESSAGE", "sip", NULL, "{from} sends an instant message, by {to}."},
	{"SIP REFER", "sip", NULL, "{from} asks the other end, by {to}, to call somebody else."},
	{"SIP UPDATE", "sip", NULL, "{from} changes the call that is being set up, by {to}."},
	{"SIP forwarded", "sip", NULL, "{from} passes the {what} on to {to}[, {value}]."},
	{"SIP", "sip", NULL, "{from} sends {to} a {what}."},
	{"SIP 100", "sip", NULL,
	 "{from} tells {to} that it has the request and works on it ({what})."},
	{"SIP 401", "sip", NULL, "{from} asks {to} for credentials ({what})."},
	{"SIP 407", "sip", NULL, "{from} asks {to} for credentials ({what})."},
	{"SIP 1xx", "sip", NULL,
	 "{from} tells {to} that the request is in progress ({what})[, {value}]."},
	{"SIP 2xx", "sip", NULL,
	 "{from} tells {to} that the request was done ({what})[, {value}]."},
	{"SIP 3xx", "sip", NULL, "{from} sends {to} elsewhere ({what})."},
	{"SIP 4xx", "sip", NULL, "{from} refuses the request of {to} ({what})."},
	{"SIP 5xx", "sip", NULL, "{from} could not carry out the request of {to} ({what})."},
	{"SIP 6xx", "sip", NULL,
	 "{from} says for everywhere that the request is refused ({what})."},

	{"STUN binding request", "stun", "STUN Binding request",
	 "{from} asks {to} from which address its packets come."},
	{"STUN binding success", "stun", "STUN Binding answer",
	 "{from} tells {to} from which address its packet came[: {value}]."},
	{"STUN binding error", "stun", "STUN Binding error",
	 "{from} refuses the question of {to}[: {value}]."},
	{"STUN binding indication", "stun", "STUN keep-alive",
	 "{from} keeps the mapping of NATs on the way to {to} alive."},
	{"TURN allocate request", "turn", "TURN Allocate request",
	 "{from} asks the relay on {to} for an address that others can send to."},
	{"TURN allocate success", "turn", "TURN Allocate answer",
	 "The relay on {from} lends {to} an address[: {value}]."},
	{"TURN allocate error 401", "turn", "TURN Allocate error",
	 "The relay on {from} asks {to} for credentials[: {value}]."},
	{"TURN allocate error", "turn", "TURN Allocate error",
	 "The relay on {from} gives {to} no address[: {value}]."},
	{"TURN refresh request", "turn", "TURN Refresh request",
	 "{from} prolongs or gives back its address at the relay on {to}."},
	{"TURN refresh success", "turn", "TURN Refresh answer",
	 "The relay on {from} has done so for {to}."},
	{"TURN refresh error", "turn", "TURN Refresh error",
	 "The relay on {from} refuses {to}[: {value}]."},
	{"TURN create-permission request", "turn", "TURN CreatePermission request",
	 "{from} asks the relay on {to} to let packets of [{what}] through."},
	{"TURN create-permission success", "turn", "TURN CreatePermission answer",
	 "The relay on {from} will let them through to {to}."},
	{"TURN create-permission error", "turn", "TURN CreatePermission error",
	 "The relay on {from} refuses {to} the permission[: {value}]."},
	{"TURN channel-bind request", "turn", "TURN ChannelBind request",
	 "{from} asks the relay on {to} for a channel to [{what}], so that media needs less "
	 "header."},
	{"TURN channel-bind success", "turn", "TURN ChannelBind answer",
	 "The relay on {from} gives {to} the channel."},
	{"TURN channel-bind error", "turn", "TURN ChannelBind error",
	 "The relay on {from} refuses {to} the channel[: {value}]."},
	{"TURN send indication", "turn", "TURN Send",
	 "{from} gives {to} data to pass on[ to {peer}]."},
	{"TURN data indication", "turn", "TURN Data",
	 "{from} passes data on to {to}[ from {peer}]."},
	{"not sent", "turn", "Not sent",
	 "{from} wants to send to {to} ({what}), and can't: {value}."},

	{"ICE check request", "ice", "ICE check",
	 "{from} checks a pair of candidates: do packets reach {what}?"},
	{"ICE relayed check request", "ice", "ICE check",
	 "{from} checks a pair of candidates: do packets reach {what} by {from}'s own relay?"},
	{"ICE check success", "ice", "ICE check answer",
	 "{from} answers the check of {to}: this pair works in that direction."},
	{"ICE check error", "ice", "ICE check error",
	 "{from} refuses the check of {to}[: {value}]."},
	{"ICE selected", "ice", "ICE pair selected",
	 "{from} sends its media from {what} to {value}."},
	{"call result", "sip", "Result", "{from} reports {what}."},
	{"call failed", "sip", "Result", "{from} reports {what}[: {value}]."},

	{"RTP", "rtp", NULL, "{from} sends media (SRTP) to {to}; one packet of 16 was recorded."},
	{"ICMP network unreachable", "icmp", NULL,
	 "{from} tells {to} that it has no route for its packet[ to {peer}]."},
	{"ICMP host unreachable", "icmp", NULL,
	 "{from} tells {to} that it can't deliver its packet[ to {peer}]: nobody answers for that "
	 "address."},
	{"ICMP protocol unreachable", "icmp", NULL,
	 "{from} tells {to} that it does not speak the protocol of its packet[ to {peer}]."},
	{"ICMP port unreachable", "icmp", NULL,
	 "{from} tells {to} that its packet[ to {peer}] was refused: nothing listens at that port, "
	 "or a rule refuses it."},
	{"ICMP packet too big", "icmp", NULL,
	 "{from} tells {to} that its packet[ to {peer}] is too big for the next link[, which takes "
	 "{value} bytes]."},
	{"ICMP prohibited", "icmp", NULL,
	 "{from} tells {to} that a rule or a route forbids its packet[ to {peer}]."},
	{"ICMP time exceeded", "icmp", NULL,
	 "{from} tells {to} that the time to live of its packet[ to {peer}] was used up on the "
	 "way."},
	{"ICMP fragments missing", "icmp", NULL,
	 "{from} tells {to} that parts of its packet[ to {peer}] did not arrive in time."},
	{"ICMP redirect", "icmp", NULL,
	 "{from} tells {to} that another gateway is nearer for its packet[ to {peer}]."},
	{"ICMP wrong header", "icmp", NULL,
	 "{from} tells {to} that it does not understand the header of its packet[ to {peer}]."},
	{"ICMP", "icmp", NULL,
	 "{from} tells {to} that its packet[ to {peer}] could not be delivered."},
	/* of what no row is about */
	{"", "tcp", NULL, "{from} sends a packet to {to}."},
};

static const struct row *row_named(const char *name, gsize length)
{
	for (guint i = 0; i < G_N_ELEMENTS(rows) - 1; i++)
		if (strlen(rows[i].name) == length && strncmp(rows[i].name, name, length) == 0)
			return &rows[i];
	return NULL;
}

/* The row of that name, else of its first words: "TURN allocate error 437"; "SIP 404" is "SIP 4xx".
 */
static const struct row *row_of(const char *name)
{
	gsize length = strlen(name);
	const struct row *row = row_named(name, length);
	const char *space;
	char class[] = "SIP ?xx";

	if (!row && g_str_has_prefix(name, "SIP ") && g_ascii_isdigit(name[4])) {
		class[4] = name[4];
		row = row_named(class, strlen(class));
	}
	while (!row && (space = g_strrstr_len(name, (gssize)length, " "))) {
		length = (gsize)(space - name);
		row = row_named(name, length);
	}
	return row ? row : &rows[G_N_ELEMENTS(rows) - 1];
}

/* The value of the word whose name begins at `at`, after its brace; *ret_end is behind it. */
static const char *word_at(const char *at, const struct step *p, const struct story_words *w,
			   const char **ret_end)
{
	const struct {
		const char *name, *value;
	} words[] = {{"from}", p->from},
		     {"to}", p->to ? p->to : "an address that nobody has"},
		     {"what}", w->what},
		     {"value}", w->value},
		     {"peer}", w->peer}};

	for (guint i = 0; i < G_N_ELEMENTS(words); i++)
		if (g_str_has_prefix(at, words[i].name)) {
			*ret_end = at + strlen(words[i].name);
			return words[i].value;
		}
	*ret_end = at;
	return NULL;
}

/* Appends the text up to `end`; false: a word was not given. */
static bool fill(const char *text, const char *end, const struct step *p,
		 const struct story_words *w, GString *out)
{
	bool whole = true;

	while (text < end) {
		if (*text == '[') {
			const char *close = strchr(text, ']');
			gsize before = out->len;

			if (!fill(text + 1, close, p, w, out))
				g_string_truncate(out, before);
			text = close + 1;
		} else if (*text == '{') {
			const char *value = word_at(text + 1, p, w, &text);

			whole = whole && value;
			g_string_append(out, value ? value : "?");
		} else {
			g_string_append_c(out, *text++);
		}
	}
	return whole;
}

void story_say(struct step *p, const char *name, const struct story_words *w)
{
	const struct row *row = row_of(name);
	GString *text = g_string_new(NULL);

	fill(row->text, row->text + strlen(row->text), p, w, text);
	p->protocol = row->protocol;
	g_free(p->title);
	g_free(p->text);
	p->title = g_strdup(row->title ? row->title : *row->name ? row->name : name);
	p->text = g_string_free(text, FALSE);
}
