/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a TLS client sends, in pieces: however it is cut, the same bytes are allowed, and the next
 * record begins where the one before says. */
#include "common/tls_guard.h"

int LLVMFuzzerTestOneInput(const guint8 *data, size_t size);

/* The first byte says how long the pieces are; the rest is sent. */
int LLVMFuzzerTestOneInput(const guint8 *data, size_t size)
{
	struct tls_records whole = {0}, cut = {0};
	gsize piece, handshakes = 0, at = 0;
	bool after = false, allowed, still = true;

	if (size < 1)
		return 0;
	piece = data[0] + 1u;
	data++;
	size--;
	allowed = tls_records_allow(&whole, data, size);
	for (gsize done = 0; still && done < size; done += piece)
		still = tls_records_allow(&cut, data + done, MIN(piece, size - done));
	g_assert_cmpint(allowed, ==, still);
	if (allowed)
		g_assert_true(whole.have == cut.have && whole.left == cut.left &&
			      whole.after_cipher == cut.after_cipher);
	/* read once more by the definition: type, version, length */
	for (; at + 5 <= size; at += 5u + (gsize)(data[at + 3] << 8 | data[at + 4])) {
		after = after || data[at] == 20;
		handshakes += after && data[at] == 22;
	}
	g_assert_cmpint(allowed, ==, handshakes <= 1);
	return 0;
}
