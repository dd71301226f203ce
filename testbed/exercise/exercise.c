/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "testbed/exercise/exercise.h"

#include "testbed/diagnose/finding.h"
#include "testbed/exercise/data.h"
#include "testbed/model/schema.h"
#include "testbed/model/value.h"

#include <string.h>

static const struct list_type prose_list = {.item = read_prose, .may_be_empty = true};

static const struct field exercise_fields[] = {
	{KEY("title", read_text, exercise, title, NULL), .required = true},
	{KEY("level", read_level, exercise, level, NULL), .required = true},
	{KEY("fault", read_word, exercise, fault_name, &charset_name), .required = true},
	{KEY("story", read_prose, exercise, story, NULL), .required = true},
	{KEY("hints", read_texts, exercise, hints, &prose_list)},
	{KEY("solution", read_prose, exercise, solution, NULL), .required = true},
	{KEY("repair", read_change_list, exercise, repair, NULL), .required = true},
	{KEY("lasting", read_bool, exercise, lasting, NULL)},
	{0}};

static const struct object_shape exercise_shape =
	OBJECT_SHAPE(exercise, NULL, OWNS_TEXT(exercise, name), OWNS_TEXT(exercise, title),
		     OWNS_TEXT(exercise, story), OWNS_TEXT(exercise, solution),
		     OWNS_TEXT(exercise, repair), OWNS_TEXT(exercise, fault_name),
		     OWNS_LIST(exercise, hints, g_free));

static const struct object_type exercise_type = OBJECT_TYPE(
	"exercise", exercise, .fields = exercise_fields, NAMED_BY(exercise, charset_name));

static const struct object_shape book_shape =
	OBJECT_SHAPE(exercise_book, NULL, OWNS_LIST(exercise_book, exercises, object_free),
		     OWNS(exercise_book, faults, g_ptr_array_unref),
		     OWNS_TEXT(exercise_book, digest));

static const struct field book_fields[] = {
	{.key = "x-*", .read = read_nothing},
	{KEY("exercises", read_named_objects, exercise_book, exercises, &exercise_type),
	 .required = true},
	{0}};

static gint by_level(gconstpointer a, gconstpointer b)
{
	const struct exercise *const *one = a, *const *other = b;

	return (gint)(*one)->level - (gint)(*other)->level;
}

static const struct fault *find_fault(const exercise_book *b, const char *name)
{
	ptr_array_foreach(const struct fault, f, b->faults)
		if (g_str_equal(f->name, name))
			return f;
	return NULL;
}

/* Gives each exercise its fault. */
static void find_faults(const exercise_book *b, diags *d)
{
	ptr_array_foreach(struct exercise, e, b->exercises) {
		e->fault = e->fault_name ? find_fault(b, e->fault_name) : NULL;
		if (!e->fault && e->fault_name)
			diags_add(d, DIAG_ERROR, e->loc, "exercises/catalogue has them",
				  "exercise '%s': no fault '%s'", e->name, e->fault_name);
	}
}

exercise_book *exercise_book_load(const char *folder, diags *d)
{
	g_autoptr(exercise_book) b = object_new(&book_shape);
	g_autofree char *catalogue = g_build_filename(folder, "catalogue", NULL);
	g_autoptr(GPtrArray) paths = data_files(folder, d), more = data_files(catalogue, d);

	b->faults = catalogue_load(catalogue, d);
	if (!b->faults)
		return NULL;
	ptr_array_foreach(const char, path, paths)
		data_read_file(path, book_fields, b, d);
	data_check_names(b->exercises, offsetof(struct exercise, name),
			 offsetof(struct exercise, loc), "exercise", d);
	find_faults(b, d);
	if (diags_errors(d) > 0)
		return NULL;
	g_ptr_array_sort(b->exercises, by_level);
	g_ptr_array_extend(paths, more, (GCopyFunc)(void (*)(void))g_strdup, NULL);
	b->digest = data_digest(paths);
	return g_steal_pointer(&b);
}

const struct exercise *exercise_book_find(const exercise_book *b, const char *name)
{
	ptr_array_foreach(const struct exercise, e, b->exercises)
		if (g_str_equal(e->name, name))
			return e;
	return NULL;
}

const char *exercise_book_near(const exercise_book *b, const char *name)
{
	g_autofree const char **names = g_new0(const char *, b->exercises->len + 1);

	for (guint i = 0; i < b->exercises->len; i++)
		names[i] = ((const struct exercise *)b->exercises->pdata[i])->name;
	return diag_nearest(name, names);
}

/* --- drawing ---------------------------------------------------------------------------------- */

bool exercise_can_be_drawn(const struct fault *f, const model *m)
{
	g_auto(GStrv) parts = g_strsplit(f->cell, "/", 2);
	const struct scenario *sc = m ? model_scenario(m, f->scenario) : NULL;
	enum media media;

	if (!sc || f->latent || !media_parse(parts[1], &media) || media > MEDIA_VIDEO)
		return false;
	for (const char *dash = strchr(parts[0], '-'); dash; dash = strchr(dash + 1, '-')) {
		g_autofree char *a = g_strndup(parts[0], (gsize)(dash - parts[0]));
		const struct expect *e;

		if (!model_node(m, a) || !model_node(m, dash + 1))
			continue;
		e = scenario_expect(m, sc, a, dash + 1, media);
		return !e || e->verdict == VERDICT_PASS;
	}
	return false;
}

GPtrArray *exercise_lots(const exercise_book *b, unsigned level, guint64 seed)
{
	GPtrArray *lots = g_ptr_array_new();
	GRand *rand = g_rand_new_with_seed_array(
		(const guint32[]){(guint32)seed, (guint32)(seed >> 32)}, 2);

	ptr_array_foreach(struct fault, f, b->faults)
		if (f->level > 0 && (level == 0 || f->level == level))
			g_ptr_array_add(lots, f);
	for (guint i = lots->len; i > 1; i--) {
		guint k = (guint)g_rand_int_range(rand, 0, (gint32)i);
		gpointer was = lots->pdata[i - 1];

		lots->pdata[i - 1] = lots->pdata[k];
		lots->pdata[k] = was;
	}
	g_rand_free(rand);
	return lots;
}

struct exercise *exercise_of_fault(const struct fault *f)
{
	struct exercise *e = object_new(&exercise_shape);

	e->name = g_strdup(EXERCISE_DRAWN);
	e->title = g_strdup("a fault drawn by lot");
	e->story = g_strdup("Something is wrong in this network, and nobody knows what.  Find it, "
			    "and put it right.");
	e->fault = f;
	e->level = f->level;
	e->lasting = f->level >= EXERCISE_LASTING_LEVEL;
	return e;
}

/* --- words ------------------------------------------------------------------------------------ */

static const char *const stage_texts[] = {
	[FAULT_STAGE_DNS] = "a client asks for the name of its server",
	[FAULT_STAGE_CONNECT] = "a client opens the connection to its server",
	[FAULT_STAGE_TLS] = "a client and its server agree on TLS, or on what the web says",
	[FAULT_STAGE_REGISTER] = "a client registers: it shows who it is",
	[FAULT_STAGE_TOKEN] = "a client gets the name of its relay, and credentials for it",
	[FAULT_STAGE_RELAY] = "a client asks the relay for an address",
	[FAULT_STAGE_CALL] = "one end invites the other",
	[FAULT_STAGE_PAIR] = "the two ends, or their relays, try to reach each other",
};

/* "a or b"; the caller frees it. */
static char *join(const GPtrArray *names)
{
	GString *text = g_string_new(NULL);

	ptr_array_foreach(const char, name, names)
		g_string_append_printf(text, "%s%s", text->len > 0 ? " or " : "", name);
	return g_string_free(text, FALSE);
}

char *exercise_hint(const struct exercise *e, guint index)
{
	const struct fault *f = e->fault;
	g_autofree char *nodes = join(f->nodes), *codes = join(f->codes);

	if (index < e->hints->len)
		return g_strdup(e->hints->pdata[index]);
	switch (index - e->hints->len) {
	case 0:
		return g_strdup_printf("It goes wrong when %s.", stage_texts[f->stage]);
	case 1:
		return f->nodes->len > 0 ? g_strdup_printf("Look at %s.", nodes) :
					   g_strdup("It is no single node's fault.");
	case 2:
		return g_strdup_printf("The cause is %s.", codes);
	default:
		return NULL;
	}
}

char *exercise_truth(const struct exercise *e)
{
	g_autofree char *nodes = join(e->fault->nodes), *codes = join(e->fault->codes),
			*objects = join(e->fault->objects);

	return g_strdup_printf("%s%s%s%s%s", codes, *nodes ? " at " : "", nodes,
			       *objects ? ": " : "", objects);
}
