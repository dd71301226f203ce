/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Relays for the A/V MCU: asks an Edge's MRAS for credentials (location intranet), finds the
 * relay's address, and keeps both while they are good.  Askers at the same time share one question.
 */
#ifndef FRONTEND_MCU_RELAYS_H
#define FRONTEND_MCU_RELAYS_H

#include "common/ice.h"
#include "frontend/station.h"

typedef struct mcu_relays mcu_relays;

/* `relay` NULL: none to be had; borrowed for the call. */
typedef void (*mcu_relays_func)(const struct ice_relay *relay, gpointer user_data);

/* `station` is borrowed. */
mcu_relays *mcu_relays_new(const struct station *station);
void mcu_relays_free(mcu_relays *r);
/* `edge` NULL: there is none.  Calls back once, from inside when the answer is known already; else
 * at the latest when MRAS has not answered for five seconds and the resolver has given up. */
void mcu_relays_get(mcu_relays *r, const char *edge, mcu_relays_func done, gpointer user_data);
/* No callback with this `user_data` any more. */
void mcu_relays_forget(mcu_relays *r, gpointer user_data);

#endif
