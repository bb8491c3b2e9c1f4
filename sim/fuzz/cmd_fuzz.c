/* SPDX-License-Identifier: GPL-2.0-only */
#include "sim/fuzz/verbs.h"

int sim_cmd_fuzz(int argc, char **argv)
{
	return 2;
}
