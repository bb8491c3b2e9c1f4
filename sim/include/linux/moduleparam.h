/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _SIM_LINUX_MODULEPARAM_H
#define _SIM_LINUX_MODULEPARAM_H

/* Parameters are plain variables here: whoever sets up a run assigns them. */
#define module_param(name, type, perm)			_Static_assert(1, "")
#define module_param_named(name, value, type, perm)	_Static_assert(1, "")
#define module_param_cb(name, ops, arg, perm)		_Static_assert(1, "")
#define MODULE_PARM_DESC(name, text)			_Static_assert(1, "")

#endif
