/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _SIM_LINUX_CONST_H
#define _SIM_LINUX_CONST_H

/* The system's header of this name (_AC, _UL, _BITULL), and what only the kernel's has. */
#include_next <linux/const.h>

#define UL(x)	(_UL(x))
#define ULL(x)	(_ULL(x))

#endif
