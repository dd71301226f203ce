#include "testbed/cmd/cmd.h"
#include "testbed/cmd/signals.h"
#include "testbed/explain/explain_json.h"
#include "testbed/explain/explain_text.h"
#include "testbed/explain/icewarn.h"

static int decode_icewarn(const struct options *o)
{
	g_autoptr(GString) text = g_string_new(NULL);
	guint32 value;

	if (o->arguments[0]) {
		cmd_error("--icewarn takes no cell");
		return CMD_USAGE;
	}
	if (!icewarn_parse(o->icewarn, &value)) {
		cmd_error("--icewarn '%s' is not a number of 32 bits such as 0x3eb", o->icewarn);
		return CMD_USAGE;
	}
	g_string_append_printf(text, "ICEWarn 0x%x\n", value);
	icewarn_text(value, text);
	return cmd_print(text->str, (gssize)text->len);
}

/* The one medium of --media, audio without; FALSE: told on stderr. */
static gboolean one_medium(const char *text, enum media *ret)
{
	if (media_parse(text ? text : "audio", ret) && *ret <= MEDIA_VIDEO)
		return TRUE;
	cmd_error("--media '%s': one call has one medium: im, audio or video", text);
	return FALSE;
}

/* NULL: told on stderr; `ret_status` is the exit code then. */
static matrix_selection *select_cell(const model *m, const struct options *o, int *ret_status)
{
	g_autoptr(GError) error = NULL;
	matrix_selection *s = NULL;

	*ret_status = CMD_USAGE;

	if (!o->arguments[1]) {
		s = explain_select_id(m, o->arguments[0], &error);
	} else {
		const struct scenario *sc = cmd_scenario(m, o->scenario);
		enum media media;

		if (!sc || !one_medium(o->media, &media))
			return NULL;
		s = explain_select_call(m, sc->name, o->arguments[0], o->arguments[1], media, &error);
	}
	if (s)
		return s;
	cmd_error("%s", error->message);
	*ret_status = cmd_exit_of(error);
	return NULL;
}

static void on_signal(int number, gpointer user_data)
{
	(void)number;
	g_cancellable_cancel(user_data);
}

/* Text or JSON, where it was asked for. */
static int tell(const explanation *x, const struct options *o)
{
	g_autoptr(GString) text = g_string_new(NULL);
	int status = CMD_AS_EXPECTED;

	if (o->json) {
		g_autofree char *document = explain_json_text(x);

		status = cmd_write_json(o->json, document);
	}
	if (status != CMD_AS_EXPECTED || g_strcmp0(o->json, "-") == 0)
		return status;
	if (x->finding)
		explain_text(x, o->verbose, text);
	return cmd_print(text->str, (gssize)text->len);
}

static int exit_of(const explanation *x, int told, int signal)
{
	if (signal != 0)
		return CMD_SIGNAL + signal;
	if (told != CMD_AS_EXPECTED)
		return told;
	return x->finding->code == CAUSE_UNKNOWN ? CMD_DIFFERS : CMD_AS_EXPECTED;
}

static int explain(const model *m, matrix_selection *s, const struct options *o, guint64 seed)
{
	g_autofree char *program_dir = cmd_program_dir();
	g_autoptr(GCancellable) cancel = g_cancellable_new();
	const struct explain_options options = {
		.program_dir = program_dir, .seed = seed, .all = o->all, .no_trial = o->no_trial, .cancel = cancel};
	g_autoptr(GError) error = NULL;
	signals *watched = signals_watch(on_signal, cancel, &error);
	g_autoptr(explanation) x = NULL;
	int signal;

	if (watched)
		x = explain_cell(m, s, &options, &error);
	else
		matrix_selection_free(s);
	signal = signals_seen(watched);
	signals_unwatch(watched);
	if (!x) {
		cmd_error("%s", error->message);
		return cmd_exit_of(error);
	}
	return exit_of(x, tell(x, o), signal);
}

int cmd_explain(const struct options *o)
{
	matrix_selection *s;
	g_autoptr(model) m = NULL;
	guint64 seed;
	int status;

	if (o->icewarn)
		return decode_icewarn(o);
	if (!o->arguments[0]) {
		cmd_error("usage: testbed explain CELL | A B [OPTION...]");
		return CMD_USAGE;
	}
	if (!cmd_seed(o, &seed))
		return CMD_USAGE;
	m = cmd_topology_load(o);
	if (!m)
		return CMD_INPUT;
	s = select_cell(m, o, &status);
	return s ? explain(m, s, o, seed) : status;
}
