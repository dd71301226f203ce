/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "edge/tcp_frame.h"

#include "edge/stun_frame.h"

enum tcp_frame_result tcp_frame_next(const guint8 *data, gsize length, gsize *ret_length)
{
	gsize said, total;

	if (length > 0 && (data[0] & 0x80) != 0)
		return TCP_FRAME_BROKEN;
	if (length < CHANNEL_HEADER)
		return TCP_FRAME_PARTIAL;
	said = (gsize)(data[2] << 8 | data[3]);
	if ((data[0] & 0xc0) == 0x40)
		total = (CHANNEL_HEADER + said + 3) & ~(gsize)3;
	else if (said % 4 == 0)
		total = STUN_HEADER + said;
	else
		return TCP_FRAME_BROKEN;
	if (total > TCP_FRAME_MAX)
		return TCP_FRAME_BROKEN;
	*ret_length = total;
	return length < total ? TCP_FRAME_PARTIAL : TCP_FRAME_READY;
}
