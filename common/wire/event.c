/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "common/wire/event.h"

#define X(id, name) const char id[] = name;
EVENTS(X)
STAGES(X)
#undef X
