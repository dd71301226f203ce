/* SPDX-License-Identifier: GPL-2.0-or-later */
/* STUN and ChannelData on a byte stream (RFC 8489 section 6.2.2, RFC 8656 section 12.5).
 *
 * Both contain their length; ChannelData is padded to 4 bytes on a stream.  Pure.
 */
#ifndef EDGE_TCP_FRAME_H
#define EDGE_TCP_FRAME_H

#include <glib.h>
#include <stdbool.h>

#define TCP_FRAME_MAX 8192 /* media have less than 1500 bytes */

enum tcp_frame_result {
	TCP_FRAME_READY,   /* *ret_length bytes are one frame, padding included */
	TCP_FRAME_PARTIAL, /* more bytes are needed */
	TCP_FRAME_BROKEN,  /* neither STUN nor ChannelData, or longer than TCP_FRAME_MAX */
};
/* Finds the first frame of the bytes received so far.  *ret_length is set for TCP_FRAME_READY, and
 * for TCP_FRAME_PARTIAL if the header is complete. */
enum tcp_frame_result tcp_frame_next(const guint8 *data, gsize length, gsize *ret_length);

#endif
