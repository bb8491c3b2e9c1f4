/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _SIM_LINUX_SPINLOCK_H
#define _SIM_LINUX_SPINLOCK_H

/*
 * spin_lock_init(lock), spin_lock(lock), spin_unlock(lock), spin_trylock(lock), DEFINE_SPINLOCK(x),
 * spin_lock_irqsave() and friends.  Exclusive, not recursive, and the holder does not sleep.
 * There are no interrupts here, so the _irq forms are the plain ones.
 */

#include <linux/compiler.h>
#include <linux/lockdep.h>
#include <linux/rwlock.h>
#include <linux/types.h>
#include <seam/spinlock.h>

#define spin_lock_irqsave(lock, flags)		do { (flags) = 0; spin_lock(lock); } while (0)
#define spin_unlock_irqrestore(lock, flags)	do { (void)(flags); spin_unlock(lock); } while (0)
#define spin_lock_irq(lock)			spin_lock(lock)
#define spin_unlock_irq(lock)			spin_unlock(lock)

#define assert_spin_locked(lock)		lockdep_assert_held(lock)

#endif
