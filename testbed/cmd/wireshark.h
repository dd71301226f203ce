/* SPDX-License-Identifier: GPL-2.0-or-later */
/* wireshark: a profile that makes Wireshark read a lab's captures: which protocol is on which port
 * here, and names for addresses.  Prints. */
#ifndef TESTBED_CMD_WIRESHARK_H
#define TESTBED_CMD_WIRESHARK_H

/* Writes the profile's files into the folder, which is made, and says how to use it.  Files that
 * are there are not touched: then it fails.  Returns the exit code. */
int wireshark_profile(const char *folder);

#endif
