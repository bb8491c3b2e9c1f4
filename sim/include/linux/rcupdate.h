/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _SIM_LINUX_RCUPDATE_H
#define _SIM_LINUX_RCUPDATE_H

#include <asm/barrier.h>
#include <linux/bug.h>
#include <linux/compiler.h>
#include <linux/kconfig.h>
#include <linux/lockdep.h>
#include <linux/types.h>
#include <seam/rcu.h>

/* See sim_rcu_read_lock() and its neighbours in seam/rcu.h. */
#define rcu_read_lock()			sim_rcu_read_lock()
#define rcu_read_unlock()		sim_rcu_read_unlock()

/*
 * Is this thread in a read-side section?  As in the kernel this is for assertions: without
 * CONFIG_PROVE_LOCKING nobody counts, and the answer is yes.
 */
#define rcu_read_lock_held()		sim_rcu_read_lock_held()

/**
 * call_rcu() - have a function called once every reader of now has left its section
 * @head: part of the object; its own until the function is called
 * @func: runs in a thread of its own, where it may not sleep
 *
 * Callbacks run in the order in which they were queued.  Any context.
 */
void call_rcu(struct rcu_head *head, rcu_callback_t func);

/**
 * synchronize_rcu() - wait until every reader of now has left its section
 *
 * Sleeps; the caller is in no section itself.
 */
void synchronize_rcu(void);

/**
 * rcu_barrier() - wait until every callback that was queued before has been called
 *
 * Sleeps; not from a callback.  Makes the worker go to work at once.
 */
void rcu_barrier(void);

#define RCU_INIT_POINTER(p, v)		WRITE_ONCE(p, v)

/* Publish: what the caller has written to the object is visible to whoever finds the pointer. */
#define rcu_assign_pointer(p, v)	smp_store_release(&(p), (v))

/*
 * The loads.  The compilers implement consume as acquire: no cost on x86-64, and ThreadSanitizer
 * sees the order that the kernel gets from the address dependency.
 *
 * rcu_dereference(p)		the caller is in a read-side section
 * rcu_dereference_check(p, c)	or @c holds
 * rcu_dereference_protected(p, c)  @c holds, and nobody changes @p meanwhile
 * rcu_dereference_raw(p)	nothing is checked
 */
#define rcu_dereference_raw(p)							\
({										\
	__typeof__(&(p)) __rcu_p = &(p);					\
	sim_point(SIM_POINT_READ, __rcu_p);					\
	__atomic_load_n(__rcu_p, __ATOMIC_CONSUME);				\
})

#define sim_rcu_check(cond, text)						\
	((void)(IS_ENABLED(CONFIG_PROVE_LOCKING) &&				\
		WARN_ONCE(!(cond), "suspicious RCU use: " text)))

/* The optional condition is the last of one or two array elements. */
#define sim_rcu_check_walk(no, ...)						\
	sim_rcu_check(rcu_read_lock_held() || ({				\
			bool __walk_ok[] = { no, ##__VA_ARGS__ };		\
			__walk_ok[sizeof(__walk_ok) / sizeof(bool) - 1];	\
		      }), "a list is walked outside a read-side section")

#define rcu_dereference_check(p, c)						\
({										\
	sim_rcu_check(rcu_read_lock_held() || (c), "rcu_dereference(" #p ")");	\
	rcu_dereference_raw(p);							\
})

#define rcu_dereference(p)		rcu_dereference_check(p, 0)
#define rcu_dereference_sched(p)	rcu_dereference_check(p, 0)

#define rcu_dereference_protected(p, c)						\
({										\
	sim_rcu_check(c, "rcu_dereference_protected(" #p ")");			\
	READ_ONCE(p);								\
})

#define rcu_access_pointer(p)		READ_ONCE(p)

#define rcu_replace_pointer(p, v, c)						\
({										\
	__typeof__(p) __rcu_old = rcu_dereference_protected(p, c);		\
	rcu_assign_pointer(p, v);						\
	__rcu_old;								\
})

#endif
