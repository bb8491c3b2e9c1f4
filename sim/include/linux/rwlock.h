/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _SIM_LINUX_RWLOCK_H
#define _SIM_LINUX_RWLOCK_H

/*
 * rwlock_init(l), read_lock(l), read_unlock(l), write_lock(l), write_unlock(l), read_trylock(l),
 * write_trylock(l), rwlock_is_contended(l): a lock with the rule of the kernel's queued rwlock.  A
 * writer that waits keeps new readers out, also those of read_trylock(); taking it twice for
 * reading in one thread can therefore deadlock, and is reported by lockdep.
 */

#include <linux/compiler.h>
#include <linux/lockdep.h>
#include <linux/types.h>
#include <seam/rwlock.h>

/*
 * Is the kernel preemptible (CONFIG_PREEMPTION)?  rwlock_needbreak() is false for ever in one that
 * is not.  Set before threads run; true at first, as in the kernels that distributions build.
 */
extern bool sim_config_preemption;

/**
 * rwlock_needbreak() - does somebody wait for a lock whose holder should let go of it?
 * @lock: held by this thread
 *
 * Behaviour of v5.12 and later: contention counts only where the kernel is preemptible.
 */
static inline bool rwlock_needbreak(rwlock_t *lock)
{
	return sim_config_preemption && rwlock_is_contended(lock);
}

#endif
