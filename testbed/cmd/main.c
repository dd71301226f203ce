/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "common/base/descriptors.h"
#include "common/base/json.h"
#include "testbed/cmd/cmd.h"

int main(int argc, char **argv)
{
	descriptors_open_standard();
	json_end_without_memory();
	return cmd_main(argc, argv);
}
