/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "testbed/cmd/ci.h"
#include "testbed/cmd/merge.h"
#include "testbed/cmd/rundir.h"
#include "testbed/cmd/story.h"
#include "testbed/lab/lab.h"
#include "testbed/explain/finished.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#ifndef TESTBED_COMMIT /* set where the sources are a checkout */
#define TESTBED_COMMIT ""
#endif

/* --- scenarios -------------------------------------------------------------------------------- */

int cmd_scenarios(const struct options *o)
{
	g_autoptr(model) m = cmd_topology_load(o);
	g_autoptr(GString) text = g_string_new(NULL);
	json_auto_t *list = json_array();

	if (!m)
		return CMD_INPUT;
	ptr_array_foreach(const struct scenario, sc, m->scenarios) {
		g_string_append_printf(text, "%-20s %s\n", sc->name, sc->title ? sc->title : "");
		json_array_append_new(list, json_pack("{s:s, s:s?}", "name", sc->name, "title",
						      sc->title));
	}
	return o->json ? cmd_write_document(o->json, list, 2) : cmd_print(text->str, -1);
}

/* --- doctor ----------------------------------------------------------------------------------- */

/* Appends whether the host has a feature, and how to get it. */
static void append_feature(GString *out, const struct report_style *style, const char *name,
			   const json_t *feature)
{
	bool ok = member_true(feature, "ok");
	const char *detail = member_text(feature, "detail");
	const char *cure = member_text(feature, "cure");

	ink_append(out, style, ok ? INK_GOOD : INK_BAD,
		   ok			       ? "ok" :
		   member_true(feature, "low") ? "low" :
						 "missing",
		   9);
	ink_append(out, style, INK_PLAIN, name, 20);
	g_string_append_printf(out, "%s\n", detail ? detail : "");
	if (!ok && cure)
		g_string_append_printf(out, "%9scure: %s\n", "", cure);
}

int cmd_doctor(const struct options *o)
{
	g_autofree char *program_dir = cmd_program_dir();
	struct report_style style = cmd_style(o, STDOUT_FILENO);
	g_autoptr(GString) out = g_string_new(NULL);
	json_auto_t *probe = lab_probe(program_dir);
	json_t *feature;
	bool ok = member_true(probe, "ok"), complete = true;
	const char *missing = member_text(probe, "missing");
	const char *name;
	int status;

	json_object_foreach(json_object_get(probe, "features"), name, feature) {
		append_feature(out, &style, name, feature);
		complete = complete && member_true(feature, "ok");
	}
	if (ok)
		g_string_append_printf(out, "This host can run labs.%s\n",
				       complete ? "" :
						  "  What is missing has a stand-in, or only "
						  "topologies that name it need it.");
	else
		g_string_append_printf(out, "This host can't run labs: %s\n",
				       missing ? missing : "unknown reason");
	status = o->json ? cmd_write_document(o->json, probe, 2) : cmd_print(out->str, -1);
	return status != CMD_AS_EXPECTED ? status : ok ? CMD_AS_EXPECTED : CMD_UNSUPPORTED;
}

/* --- report ----------------------------------------------------------------------------------- */

static int report_one(const struct options *o)
{
	g_autofree char *last = o->arguments[0] ? NULL : rundir_last();
	g_autoptr(diags) found = diags_new();
	g_autoptr(finished) f = finished_open(last ? last : o->arguments[0], found);
	struct report_text how = {.style = cmd_style(o, STDOUT_FILENO)};
	char seed[24];
	g_autoptr(GString) text = g_string_new(NULL);
	int status = CMD_AS_EXPECTED;
	bool taken;

	cmd_tell_findings(found);
	if (!f || !cmd_ci_check(o, &taken))
		return CMD_USAGE;
	if (o->json) {
		g_autofree char *document = report_results_text(f->results);

		status = cmd_write_json(o->json, document);
	}
	if (o->html && status == CMD_AS_EXPECTED)
		status = cmd_story_page(f, o);
	if (cmd_ci_wanted(o) && status == CMD_AS_EXPECTED)
		status = cmd_ci_write(&(const struct ci_subject){.run = f,
								 .folder = o->arguments[0],
								 .earlier = true},
				      o);
	if (status == CMD_AS_EXPECTED && !taken) {
		how.made = cmd_run_args(f->results, o, o->arguments[0], seed);
		report_text(f->results, &how, text);
		status = cmd_print(text->str, (gssize)text->len);
	}
	if (status != CMD_AS_EXPECTED)
		return status;
	return results_summarise(f->results).unexpected > 0 ? CMD_DIFFERS : CMD_AS_EXPECTED;
}

int cmd_report(const struct options *o)
{
	if (o->merge)
		return cmd_report_merge(o);
	if (g_strv_length(o->arguments) > 1)
		return cmd_fail(CMD_USAGE, "one run at a time, or several as one by --merge");
	return report_one(o);
}

/* --- version ---------------------------------------------------------------------------------- */

int cmd_version(const struct options *o)
{
	g_autofree char *program_dir = o && o->json ? cmd_program_dir() : NULL;
	json_auto_t *document = NULL;

	if (!program_dir)
		return cmd_print("testbed " TESTBED_VERSION "\n", -1);
	document = json_pack("{s:s, s:s, s:s?, s:s, s:o}", "schema", "testbed.version/1", "version",
			     TESTBED_VERSION, "commit", *TESTBED_COMMIT ? TESTBED_COMMIT : NULL,
			     "compiler", __VERSION__, "host", lab_probe(program_dir));
	return cmd_write_document(o->json, document, 2);
}
