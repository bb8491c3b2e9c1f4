/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _SIM_LINUX_EXPORT_H
#define _SIM_LINUX_EXPORT_H

/* There are no modules here: every global symbol is reachable. */
#define EXPORT_SYMBOL(sym)	_Static_assert(1, "")
#define EXPORT_SYMBOL_GPL(sym)	_Static_assert(1, "")

#endif
