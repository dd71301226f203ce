#include "testbed/cmd/cmd.h"
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

/* NULL: told on stderr. */
static matrix_selection *select_cell(const model *m, const struct options *o)
{
	g_autoptr(GError) error = NULL;
	matrix_selection *s = NULL;

	if (!o->arguments[1]) {
		s = explain_select_id(m, o->arguments[0], &error);
	} else {
		const struct scenario *sc = cmd_scenario(m, o->scenario);
		enum media media;

		if (!sc || !one_medium(o->media, &media))
			return NULL;
		s = explain_select_call(m, sc->name, o->arguments[0], o->arguments[1], media, &error);
	}
	if (!s)
		cmd_error("%s", error->message);
	return s;
}

static int explain(const model *m, matrix_selection *s, const struct options *o)
{
	g_autofree char *program_dir = cmd_program_dir();
	struct explain_options options = {.program_dir = program_dir, .seed = g_random_int(), .all = o->all};
	g_autoptr(GString) text = g_string_new(NULL);
	g_autoptr(GError) error = NULL;
	g_autoptr(explanation) x = explain_cell(m, s, &options, &error);
	int status;

	if (!x) {
		cmd_error("%s", error->message);
		return cmd_exit_of(error);
	}
	explain_text(x, o->verbose, text);
	status = cmd_print(text->str, (gssize)text->len);
	if (status != CMD_AS_EXPECTED)
		return status;
	return x->finding->code == CAUSE_UNKNOWN ? CMD_DIFFERS : CMD_AS_EXPECTED;
}

int cmd_explain(const struct options *o)
{
	matrix_selection *s;
	g_autoptr(model) m = NULL;

	if (o->icewarn)
		return decode_icewarn(o);
	if (!o->arguments[0]) {
		cmd_error("usage: testbed explain CELL | A B [OPTION...]");
		return CMD_USAGE;
	}
	m = cmd_topology_load(o);
	if (!m)
		return CMD_INPUT;
	s = select_cell(m, o);
	return s ? explain(m, s, o) : CMD_USAGE;
}
