/* SPDX-License-Identifier: GPL-2.0-only */

/*
 * The one file that sees liburcu.  Its headers give kernel names to other things, so nothing of
 * linux/ that defines RCU's own macros may be included here.
 */

#include <linux/bug.h>
#include <linux/kconfig.h>
#include <linux/poison.h>
#include <linux/types.h>
#include <seam/rcu.h>

#include "sim/native/urcu.h"
#include "sim/thread.h"

/* liburcu has a struct of this name; ours is called by its other one here. */
#undef rcu_head

/*
 * liburcu's accesses are volatile ones, which ThreadSanitizer takes for data races, and it orders
 * them by means that ThreadSanitizer does not know.  So there its inline functions are left alone,
 * and the order is told:
 *
 * - a section that has ended comes before the end of a grace period that waited for it;
 * - what came before a grace period comes before a section that begins after it;
 * - what came before a change of a list comes before what a reader does who sees the change.
 */
#if defined(__SANITIZE_THREAD__)
#include <sanitizer/tsan_interface.h>
#define ORDER_BEFORE(token)	__tsan_release(token)
#define ORDER_AFTER(token)	__tsan_acquire(token)
#define inline			inline __attribute__((no_sanitize_thread))
#else
#define ORDER_BEFORE(token)	((void)(token))
#define ORDER_AFTER(token)	((void)(token))
#endif

#define _LGPL_SOURCE
#include <urcu/urcu-memb.h>
#include <urcu/rculist.h>

#undef inline

/* Two, lest one reader's end should seem to come before another's beginning. */
static char sections_ended;
static char grace_periods_begun;

/* linux/rculist.h declares these; it cannot be included here. */
void list_add_rcu(struct list_head *entry, struct list_head *head);
void list_add_tail_rcu(struct list_head *entry, struct list_head *head);
void list_del_rcu(struct list_head *entry);
void list_replace_rcu(struct list_head *old, struct list_head *entry);

BUILD_BUG_ON(sizeof(struct list_head) != sizeof(struct cds_list_head));
BUILD_BUG_ON(offsetof(struct list_head, next) != offsetof(struct cds_list_head, next));
BUILD_BUG_ON(offsetof(struct list_head, prev) != offsetof(struct cds_list_head, prev));

static struct cds_list_head *cds(struct list_head *list)
{
	return (struct cds_list_head *)list;
}

void sim_rcu_read_lock(void)
{
	if (IS_ENABLED(CONFIG_PROVE_LOCKING)) {
		WARN_ONCE(!sim_thread_registered(),
			  "rcu_read_lock() in a thread that no grace period waits for");
		sim_lockdep_rcu(1);
	}
	urcu_memb_read_lock();
	ORDER_AFTER(&grace_periods_begun);
}

void sim_rcu_read_unlock(void)
{
	if (IS_ENABLED(CONFIG_PROVE_LOCKING)) {
		if (WARN_ON_ONCE(sim_lockdep_rcu_depth() <= 0))
			return;
		sim_lockdep_rcu(-1);
	}
	ORDER_BEFORE(&sections_ended);
	urcu_memb_read_unlock();
}

void sim_urcu_register(void)
{
	urcu_memb_register_thread();
}

void sim_urcu_unregister(void)
{
	urcu_memb_unregister_thread();
}

void sim_urcu_synchronize(void)
{
	ORDER_BEFORE(&grace_periods_begun);
	urcu_memb_synchronize_rcu();
	ORDER_AFTER(&sections_ended);
}

void list_add_rcu(struct list_head *entry, struct list_head *head)
{
	ORDER_BEFORE(&head->next);
	cds_list_add_rcu(cds(entry), cds(head));
}

void list_add_tail_rcu(struct list_head *entry, struct list_head *head)
{
	ORDER_BEFORE(&head->prev->next);
	cds_list_add_tail_rcu(cds(entry), cds(head));
}

void list_del_rcu(struct list_head *entry)
{
	ORDER_BEFORE(&entry->prev->next);
	cds_list_del_rcu(cds(entry));
	entry->prev = LIST_POISON2;
}

void list_replace_rcu(struct list_head *old, struct list_head *entry)
{
	ORDER_BEFORE(&old->prev->next);
	cds_list_replace_rcu(cds(old), cds(entry));
	old->prev = LIST_POISON2;
}
