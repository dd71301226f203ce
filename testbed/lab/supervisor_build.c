/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "testbed/lab/file_view.h"
#include "testbed/lab/record.h"
#include "testbed/lab/supervisor_parts.h"

static gboolean key_pair(const char *name, uint8_t private_key[32], uint8_t public_key[32],
			 gpointer user_data)
{
	struct supervisor *s = user_data;

	return trust_key_pair(s->trust, name, private_key, public_key);
}

static gboolean build_network(struct supervisor *s, GError **error)
{
	gint64 begin_us;

	exec_probe(&s->features);
	if (s->features.missing)
		return tb_error_set(error, TB_ERROR_UNSUPPORTED, "%s", s->features.missing);
	begin_us = g_get_monotonic_time();
	s->x = exec_new_linux(&s->features, key_pair, s, error);
	if (s->x)
		exec_seed(s->x, s->job->options->seed);
	if (!s->x || !exec_run(s->x, s->plan, error))
		return FALSE;
	s->build_ms = (double)(g_get_monotonic_time() - begin_us) / 1000;
	return TRUE;
}

static struct config_source config_of(const struct supervisor *s)
{
	return (struct config_source){.model = s->model,
				      .master = trust_master(s->trust),
				      .sip_texts = s->job->options->sip_texts,
				      .cdr = s->job->options->run_dir};
}

json_t *supervisor_credentials(const struct supervisor *s, const char *name)
{
	const struct config_source source = config_of(s);
	const struct node *node = model_node(s->model, name);

	return node && node->endpoint ? config_credentials(&source, node) : NULL;
}

static char *fill_in_secret(const struct config_source *source, const struct op *op)
{
	const struct node *node = model_node(source->model, op->node);
	g_autofree char *secret = node ? config_edge_secret(source, node) : NULL;
	GString *text = g_string_new(op->file.text);

	if (secret)
		g_string_replace(text, "@SECRET@", secret, 0);
	return g_string_free(text, FALSE);
}

static gboolean write_files(const struct supervisor *s, GError **error)
{
	const struct config_source source = config_of(s);

	ptr_array_foreach(const struct op, op, s->plan->ops) {
		g_autofree char *path = NULL, *text = NULL;

		if (op->kind != OP_FILE)
			continue;
		path = config_file_is_shared(op->file.path) ?
			       g_strdup(op->file.path) :
			       config_file_place(op->node, op->file.path);
		text = fill_in_secret(&source, op);
		if (!file_view_write(op->node, path, text, 0644, error))
			return FALSE;
	}
	return TRUE;
}

static gboolean issue(struct supervisor *s, const struct node *node, const char *const *names,
		      char **ret_certificate, char **ret_key, GError **error)
{
	static const enum trust_issuer issuers[] = {
		[ISSUER_LAB] = TRUST_OURS, [ISSUER_OTHER] = TRUST_OTHER};
	static const enum trust_validity validities[] = {[VALIDITY_VALID] = TRUST_VALID,
							 [VALIDITY_EXPIRED] = TRUST_EXPIRED,
							 [VALIDITY_NOT_YET] = TRUST_NOT_YET};

	return trust_issue(s->trust, names, issuers[node->certificate.issuer],
			   validities[node->certificate.validity], ret_certificate, ret_key, error);
}

static gboolean write_identity(struct supervisor *s, const struct node *node, GError **error)
{
	g_auto(GStrv) names = config_tls_names(s->model, node);
	g_autofree char *certificate = NULL, *key = NULL;
	g_autofree char *certificate_path = g_strdup_printf(CONFIG_TRUST_DIR "/%s.pem", node->name);
	g_autofree char *key_path = g_strdup_printf(CONFIG_TRUST_DIR "/%s.key", node->name);

	return !names[0] ||
	       (issue(s, node, (const char *const *)names, &certificate, &key, error) &&
		file_view_write(node->name, certificate_path, certificate, 0644, error) &&
		file_view_write(node->name, key_path, key, 0600, error));
}

/* Each node has the CA's certificate, and the keys of no other node. */
static gboolean write_trust(struct supervisor *s, GError **error)
{
	ptr_array_foreach(const struct node, node, s->model->nodes) {
		if (!file_view_add_node(node->name, error) ||
		    !file_view_write(node->name, CONFIG_TRUST_DIR "/ca.pem", trust_ca_pem(s->trust),
				     0644, error))
			return FALSE;
		if (node_shows_certificate(node) && !write_identity(s, node, error))
			return FALSE;
	}
	return TRUE;
}

gboolean supervisor_write(struct supervisor *s, GError **error)
{
	return write_files(s, error) && write_trust(s, error);
}

static gboolean start_recordings(const struct supervisor *s, GError **error)
{
	const char *const *where = s->job->options->captures;

	for (; where && *where; where++)
		if (!recording_start(s->x, s->job->files, *where, s->keys_fd, s->context, error))
			return FALSE;
	return TRUE;
}

evidence_file *supervisor_evidence(const struct supervisor *s, int fd, bool at_once, GError **error)
{
	const struct evidence_place where = {.fd = fd,
					     .keys_fd = s->keys_fd,
					     .whole = s->job->options->evidence_whole,
					     .at_once = at_once,
					     .context = s->context};
	evidence_file *e = evidence_new(s->x, s->plan, &where, error);

	if (e)
		evidence_name_addresses(e, s->model);
	return e;
}

static gboolean start_evidence(struct supervisor *s, GError **error)
{
	if (s->job->evidence_fd <= 0)
		return TRUE;
	s->evidence = supervisor_evidence(s, s->job->evidence_fd, false, error);
	return s->evidence != NULL;
}

struct process_set_source supervisor_process_set_source(const struct supervisor *s)
{
	return (struct process_set_source){
		.x = s->x,
		.plan = s->plan,
		.config = config_of(s),
		.files = s->job->files,
		.clients = s->job->clients,
		.keys_fd = s->append_keys_fd,
		.program_dir = s->job->options->program_dir,
		.context = s->context,
	};
}

static gboolean start_process_set(struct supervisor *s, const struct process_set_handlers *handlers,
				  GError **error)
{
	const struct process_set_source source = supervisor_process_set_source(s);

	s->processes = process_set_new(&source, handlers, s);
	return process_set_start(s->processes, error);
}

gboolean supervisor_build(struct supervisor *s, const struct process_set_handlers *handlers,
			  GError **error)
{
	if (!file_view_prepare(error) || !(s->trust = trust_new(error)) ||
	    (s->keys_fd = tls_keys_open(s->context, &s->append_keys_fd, error)) < 0)
		return FALSE;
	return build_network(s, error) && start_recordings(s, error) && start_evidence(s, error) &&
	       supervisor_write(s, error) && start_process_set(s, handlers, error);
}
