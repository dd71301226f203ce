/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The descriptors that a program starts with. */
#ifndef COMMON_BASE_DESCRIPTORS_H
#define COMMON_BASE_DESCRIPTORS_H

/* Opens /dev/null at those of the descriptors 0 to 2 that are closed; for the first line of main.
 * The next file that is opened would get such a number, and what is printed would go into it.  They
 * are opened the wrong way round, so that reading and writing still are errors (EBADF).  Ends the
 * program with 126 when /dev/null can't be opened. */
void descriptors_open_standard(void);

#endif
