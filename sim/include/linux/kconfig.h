/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _SIM_LINUX_KCONFIG_H
#define _SIM_LINUX_KCONFIG_H

#include <seam/config.h>

/*
 * IS_ENABLED(CONFIG_x) - 1 if CONFIG_x is defined as 1, else 0; good in #if and in C
 *
 * Pasting the option's value onto a prefix yields a name that exists for the value 1 only, and that
 * one brings a comma along: so what stands second is 1 for an option that is on, and 0 otherwise.
 */
#define SIM_CONFIG_COMMA_1			~,
#define SIM_CONFIG_SECOND(a, b, ...)		b
#define SIM_CONFIG_PICK(comma)			SIM_CONFIG_SECOND(comma 1, 0, 0)
#define SIM_CONFIG_PASTE(value)			SIM_CONFIG_PICK(SIM_CONFIG_COMMA_##value)

#define IS_ENABLED(option)			SIM_CONFIG_PASTE(option)

#endif
