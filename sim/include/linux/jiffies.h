/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _SIM_LINUX_JIFFIES_H
#define _SIM_LINUX_JIFFIES_H

#include <linux/types.h>

/**
 * get_jiffies_64() - the time, in 1/HZ seconds from some point in the past; it never goes back
 */
u64 get_jiffies_64(void);

#endif
