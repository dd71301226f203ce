/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "common/sip_failure.h"

/* The statuses of reasons that have a number in ms-diagnostics; the last row is for all others. */
static const struct refusal {
	enum reason reason;
	int status;
	const char *phrase;
} refusals[] = {
	{REASON_NO_SUCH_USER, 404, "Not Found"},
	{REASON_NEXT_HOP_FAILED, 503, "Service Unavailable"},
	{REASON_NONE, 403, "Forbidden"},
};

static const struct {
	int status;
	enum reason reason;
} statuses[] = {
	{401, REASON_SIP_UNAUTHORIZED},	  {403, REASON_SIP_FORBIDDEN},
	{404, REASON_SIP_NOT_FOUND},	  {407, REASON_SIP_UNAUTHORIZED},
	{430, REASON_SIP_FLOW_FAILED},	  {480, REASON_SIP_UNAVAILABLE},
	{488, REASON_SIP_NOT_ACCEPTABLE}, {503, REASON_SIP_SERVICE_UNAVAILABLE},
	{504, REASON_SIP_SERVER_TIMEOUT},
};

const char *sip_diagnostics(const sip_msg *response)
{
	const char *value = sip_header(response, "ms-diagnostics-public");

	return value ? value : sip_header(response, "ms-diagnostics");
}

/* The reason of a response: what ms-diagnostics ("4004;reason=...") says, else what the status
 * says. */
static enum reason response_reason(const sip_msg *response)
{
	enum reason meant = reason_by_diagnostics(sip_diagnostics(response));

	if (meant)
		return meant;
	for (guint i = 0; i < G_N_ELEMENTS(statuses); i++)
		if (statuses[i].status == sip_status(response))
			return statuses[i].reason;
	return REASON_SIP_REFUSED;
}

struct sip_failure sip_failure_of(const sip_msg *response, const GError *error)
{
	if (response)
		return (struct sip_failure){.code = response_reason(response),
					    .words = sip_reason(response),
					    .status = sip_status(response)};
	if (error)
		return (struct sip_failure){.code = error_reason(error), .words = error->message};
	return (struct sip_failure){REASON_SIP_NO_ANSWER, reason_words(REASON_SIP_NO_ANSWER), 0};
}

sip_msg *sip_refuse(const sip_msg *request, enum reason r, const char *words, const char *tag,
		    const char *source)
{
	const struct refusal *row = refusals;
	g_autofree char *value = NULL;
	const char *text = NULL;
	bool is_public = false;
	int number = reason_diagnostics(r, &is_public, &text);
	sip_msg *answer;

	while (row->reason && row->reason != r)
		row++;
	value = g_strdup_printf("%d;reason=\"%s\";source=\"%s\"", number, words ? words : text,
				source);
	answer = sip_response_new(request, row->status, row->phrase, tag);
	sip_add_header(answer, is_public ? "ms-diagnostics-public" : "ms-diagnostics", value);
	return answer;
}
