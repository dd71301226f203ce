/* SPDX-License-Identifier: GPL-2.0-or-later */
/* STUN and ChannelData on a byte stream (RFC 5389 section 7.2.2, RFC 5766 section 11.5).
 *
 * Both say their own length; ChannelData is padded to 4 bytes on a stream.  Pure: bytes in, frames
 * out.
 */
#ifndef EDGE_TCP_FRAME_H
#define EDGE_TCP_FRAME_H

#include <glib.h>
#include <stdbool.h>

#define TCP_FRAME_MAX 8192 /* media are below 1500 bytes; a longer frame ends the connection */

enum tcp_frame_result {
	TCP_FRAME_READY,   /* *ret_length bytes are one frame, padding included */
	TCP_FRAME_PARTIAL, /* more bytes are needed */
	TCP_FRAME_BROKEN,  /* neither STUN nor ChannelData, or too long: the stream cannot be
			      followed */
};
enum tcp_frame_result tcp_frame_next(const guint8 *data, gsize length, gsize *ret_length);

#endif
