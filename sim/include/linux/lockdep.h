/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _SIM_LINUX_LOCKDEP_H
#define _SIM_LINUX_LOCKDEP_H

/*
 * Assertions about the locks that this thread holds.  They are statements.  In builds without
 * CONFIG_PROVE_LOCKING they are nothing, and lockdep_is_held() is 1 so that conditions hold.
 *
 * lockdep_assert_held(l)		for reading, for writing or exclusively
 * lockdep_assert_held_write(l)		for writing or exclusively
 * lockdep_assert_held_read(l)		for reading
 * lockdep_assert_not_held(l)		in no way
 * lockdep_assert_once(cond)		any condition over lockdep_is_held()
 *
 * A failure goes through sim_warn() with the lock's name and what the thread holds.
 */

#include <linux/bug.h>
#include <linux/kconfig.h>
#include <seam/lockdep.h>

#endif
