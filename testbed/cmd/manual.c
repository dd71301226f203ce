/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The pages of the manual in section 1, made of the tables that `--help` is made of: testbed(1),
 * and one for each first word of a verb.  `make man` runs it. */
#include "testbed/cmd/cmd.h"

#include <string.h>

/* A page that is being written, in the man(7) language. */
struct page {
	GString *text;
	const char *date;
	bool of_several; /* verbs, each with a section of its own */
};

/* Appends text so that nothing in it is taken for a request of troff. */
static void put_text(GString *out, const char *text)
{
	if (*text == '.' || *text == '\'')
		g_string_append(out, "\\&");
	for (; *text; text++) {
		if (*text == '\\')
			g_string_append(out, "\\e");
		else if (*text == '-')
			g_string_append(out, "\\-");
		else
			g_string_append_c(out, *text);
	}
}

/* "REQUEST text", a line. */
static void put_request(GString *out, const char *request, const char *text)
{
	g_string_append_printf(out, "%s ", request);
	put_text(out, text);
	g_string_append_c(out, '\n');
}

/* A heading: a section's, or below the section of a verb. */
static void put_heading(struct page *p, const char *title)
{
	g_autofree char *upper = g_ascii_strup(title, -1);

	if (p->of_several)
		put_request(p->text, ".SS", title);
	else
		put_request(p->text, ".SH", upper);
}

static void page_begin(struct page *p, const char *name, const char *about)
{
	g_autofree char *upper = g_ascii_strup(name, -1);

	p->text = g_string_new(".\\\" Made by `make man` of what --help says.\n.TH ");
	put_text(p->text, upper);
	g_string_append_printf(p->text, " 1 %s \"testbed " TESTBED_VERSION "\" \"User Commands\"\n",
			       p->date);
	g_string_append(p->text, ".SH NAME\n");
	put_text(p->text, name);
	g_string_append(p->text, " \\- ");
	put_text(p->text, about);
	g_string_append_c(p->text, '\n');
}

/* Writes the page to DIR/NAME.1 and frees it.  False: an error was printed. */
static bool page_end(struct page *p, const char *dir, const char *name)
{
	g_autofree char *file = g_strdup_printf("%s/%s.1", dir, name);
	g_autoptr(GError) error = NULL;
	bool ok = g_file_set_contents(file, p->text->str, (gssize)p->text->len, &error);

	g_string_free(p->text, TRUE);
	return ok || cmd_error("%s", error->message);
}

#define EXIT_STATUS "Exit status"

/* The beginning of a paragraph; of the first one below a heading nothing is. */
static void begin_paragraph(struct page *p, const char **line, bool first)
{
	if (g_str_has_prefix(*line, EXIT_STATUS)) {
		put_heading(p, EXIT_STATUS);
		if (g_str_has_prefix(*line, EXIT_STATUS ": "))
			*line += strlen(EXIT_STATUS ": ");
	} else if (!first) {
		g_string_append(p->text, ".PP\n");
	}
}

/* Paragraphs as in a help text, below a heading: an empty line ends one, and a line that begins
 * with two spaces is a row of a table (report/wrap.h). */
static void put_prose(struct page *p, const char *prose)
{
	g_auto(GStrv) lines = g_strsplit(prose, "\n", 0);
	bool inside = false, table = false; /* a paragraph, or the rows of a table */

	for (guint i = 0; lines[i]; i++) {
		const char *line = lines[i];
		bool row = g_str_has_prefix(line, "  ");

		if (table && !row)
			g_string_append(p->text, ".fi\n.RE\n");
		if (row && !table)
			g_string_append(p->text, ".RS 2\n.nf\n");
		else if (*line && !row && !inside)
			begin_paragraph(p, &line, i == 0);
		table = row;
		inside = *line && !row;
		if (!*line)
			continue;
		put_text(p->text, row ? line + 2 : line);
		g_string_append_c(p->text, '\n');
	}
	if (table)
		g_string_append(p->text, ".fi\n.RE\n");
}

static void put_synopsis(struct page *p, const struct verb *v, bool first)
{
	g_autofree char *name = g_strconcat("testbed ", v->name, NULL);

	if (!first)
		g_string_append(p->text, ".br\n");
	put_request(p->text, ".B", name);
	if (v->arguments)
		put_request(p->text, ".I", v->arguments);
	g_string_append(p->text, "[\\fIOPTION\\fR...]\n");
}

static void put_options(struct page *p, const struct verb *v)
{
	struct options unused;
	g_autofree GOptionEntry *entries = options_of(&unused, v->options, v->name);

	put_heading(p, "Options");
	for (const GOptionEntry *e = entries; e->long_name; e++) {
		g_string_append(p->text, ".TP\n");
		if (e->short_name)
			g_string_append_printf(p->text, "\\fB\\-%c\\fR, ", e->short_name);
		g_string_append(p->text, "\\fB\\-\\-");
		put_text(p->text, e->long_name);
		g_string_append(p->text, "\\fR");
		if (e->arg_description) {
			g_string_append(p->text, "=\\fI");
			put_text(p->text, e->arg_description);
			g_string_append(p->text, "\\fR");
		}
		g_string_append_c(p->text, '\n');
		put_text(p->text, e->description);
		g_string_append_c(p->text, '\n');
	}
}

/* The first word of a verb's name, which the caller frees. */
static char *page_word(const struct verb *v)
{
	return g_strndup(v->name, strcspn(v->name, " "));
}

static bool is_on_page(const struct verb *v, const char *word)
{
	g_autofree char *own = page_word(v);

	return g_str_equal(own, word);
}

static void put_verb(struct page *p, const struct verb *v)
{
	g_autofree char *upper = g_ascii_strup(v->name, -1);

	put_request(p->text, ".SH", p->of_several ? upper : "DESCRIPTION");
	put_text(p->text, v->summary);
	g_string_append(p->text, ".\n");
	put_options(p, v);
	if (v->description && !g_str_has_prefix(v->description, "Exit status"))
		put_heading(p, "Notes");
	if (v->description)
		put_prose(p, v->description);
}

/* The page of the verbs that begin with this word, of which `first` is one.  False: an error was
 * printed. */
static bool write_verbs(const struct verb *first, const char *word, const char *dir,
			const char *date)
{
	g_autofree char *name = g_strdup_printf("testbed-%s", word);
	g_autoptr(GString) about = g_string_new(NULL);
	struct page p = {.date = date};
	guint n = 0;

	for (const struct verb *v = first; v->name; v++)
		if (is_on_page(v, word))
			g_string_append_printf(about, "%s%s", n++ > 0 ? ", " : "", v->name);
	p.of_several = n > 1;
	g_string_prepend(about, "the verbs ");
	page_begin(&p, name, p.of_several ? about->str : first->summary);
	g_string_append(p.text, ".SH SYNOPSIS\n");
	for (const struct verb *v = first; v->name; v++)
		if (is_on_page(v, word))
			put_synopsis(&p, v, v == first);
	for (const struct verb *v = first; v->name; v++)
		if (is_on_page(v, word))
			put_verb(&p, v);
	g_string_append(p.text, ".SH SEE ALSO\n.BR testbed (1),\n.BR testbed\\-topology (5)\n");
	return page_end(&p, dir, name);
}

static void put_verb_list(struct page *p)
{
	g_string_append(p->text, ".SH VERBS\n");
	for (const struct verb *v = cmd_verbs; v->name; v++) {
		g_autofree char *word = page_word(v);

		if (verb_is_hidden(v))
			continue;
		g_string_append(p->text, ".TP\n");
		put_request(p->text, ".B", v->name);
		put_text(p->text, v->summary);
		g_string_append(p->text, ": \\fBtestbed\\-");
		put_text(p->text, word);
		g_string_append(p->text, "\\fR(1).\n");
	}
}

static bool write_overview(const char *dir, const char *date)
{
	struct page p = {.date = date};

	page_begin(&p, "testbed", "a Skype for Business company out of network namespaces");
	g_string_append(p.text, ".SH SYNOPSIS\n.B testbed\n.I VERB\n[\\fIOPTION\\fR...]\n"
				".SH DESCRIPTION\n");
	put_text(p.text, cmd_about);
	g_string_append_c(p.text, '\n');
	put_verb_list(&p);
	put_prose(&p, cmd_exit_status);
	g_string_append(p.text, ".SH SEE ALSO\n.BR testbed\\-topology (5),\n"
				".BR testbed\\-agents (7)\n");
	return page_end(&p, dir, "testbed");
}

int cmd_manual(const struct options *o)
{
	const char *dir = o->arguments[0], *date = o->arguments[1];
	g_autoptr(GHashTable) written =
		g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	bool ok = write_overview(dir, date);

	for (const struct verb *v = cmd_verbs; ok && v->name; v++) {
		char *word = page_word(v);

		if (!verb_is_hidden(v) && !g_hash_table_contains(written, word))
			ok = write_verbs(v, word, dir, date);
		g_hash_table_add(written, word);
	}
	return ok ? CMD_AS_EXPECTED : CMD_INTERNAL;
}
