/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _SIM_LINUX_MUTEX_H
#define _SIM_LINUX_MUTEX_H

/*
 * mutex_init(lock), mutex_lock(lock), mutex_unlock(lock), mutex_trylock(lock) (true if taken),
 * mutex_destroy(lock), DEFINE_MUTEX(x).  Exclusive, not recursive; the holder may sleep.
 */

#include <linux/compiler.h>
#include <linux/lockdep.h>
#include <linux/types.h>
#include <seam/mutex.h>

#endif
