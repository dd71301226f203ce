/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Relays for the A/V MCU: asks an Edge's MRAS for credentials (location intranet), resolves the
 * relay's name, and keeps both while they are valid.  Callers at the same time share one request.
 */
#ifndef FRONTEND_MCU_RELAYS_H
#define FRONTEND_MCU_RELAYS_H

#include "common/base/object.h"
#include "common/ice.h"
#include "frontend/context.h"

typedef struct mcu_relays mcu_relays;

/* `relay` is borrowed for the call; NULL: there is none, or it could not be got. */
typedef void (*mcu_relays_func)(const struct ice_relay *relay, gpointer user_data);

/* `context` is borrowed until object_free, which accepts NULL. */
mcu_relays *mcu_relays_new(const struct fe_context *context);
/* Finds a relay of `edge` (NULL: the user has no Edge) and calls `done` once: from inside when the
 * result is known, else at the latest when MRAS has not answered for five seconds and the resolver
 * has given up. */
void mcu_relays_get(mcu_relays *r, const char *edge, mcu_relays_func done, gpointer user_data);
/* Asks for it, unless it is known or asked for, so that it is known when somebody wants it. */
void mcu_relays_prepare(mcu_relays *r, const char *edge);
/* Cancels the callbacks with this `user_data`; requests under way go on for others. */
void mcu_relays_forget(mcu_relays *r, gpointer user_data);

#endif
