/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _SIM_LINUX_RCULIST_H
#define _SIM_LINUX_RCULIST_H

/*
 * Lists that are changed under a lock and walked under rcu_read_lock().  The functions that change
 * are liburcu's; walking loads each link once, with the ordering of rcu_dereference().
 */

#include <linux/list.h>
#include <linux/rcupdate.h>

/**
 * list_add_rcu() - insert at the front, visible to readers when it is complete
 * @entry: on no list, its object initialised
 * @head: the list
 *
 * The caller holds the lock that serialises changes of the list.
 */
void list_add_rcu(struct list_head *entry, struct list_head *head);

/**
 * list_add_tail_rcu() - insert at the end, visible to readers when it is complete
 * @entry: on no list, its object initialised
 * @head: the list
 *
 * The caller holds the lock that serialises changes of the list.
 */
void list_add_tail_rcu(struct list_head *entry, struct list_head *head);

/**
 * list_del_rcu() - take a link off its list; readers that stand on it still find the way on
 * @entry: on a list
 *
 * The caller holds the lock that serialises changes of the list, and frees the object only after a
 * grace period.  The backward pointer is poisoned: nobody may walk backward under RCU.
 */
void list_del_rcu(struct list_head *entry);

/**
 * list_replace_rcu() - let a new link take the place of an old one, in one step for readers
 * @old: on a list; readers that stand on it still find the way on
 * @entry: on no list, its object initialised
 *
 * The caller holds the lock that serialises changes of the list.
 */
void list_replace_rcu(struct list_head *old, struct list_head *entry);

#define list_entry_rcu(ptr, type, member) \
	container_of(rcu_dereference_raw(ptr), type, member)

#define list_first_or_null_rcu(head, type, member)				\
({										\
	struct list_head *__list_h = (head);					\
	struct list_head *__list_n = rcu_dereference_raw(__list_h->next);	\
	__list_n == __list_h ? NULL : container_of(__list_n, type, member);	\
})

/* The entry after the link @ptr of the list @head; NULL at the end. */
#define list_next_or_null_rcu(head, ptr, type, member)				\
({										\
	struct list_head *__list_h = (head);					\
	struct list_head *__list_p = (ptr);					\
	struct list_head *__list_n = rcu_dereference_raw(__list_p->next);	\
	__list_n == __list_h ? NULL : container_of(__list_n, type, member);	\
})

/* An optional last argument says what else than rcu_read_lock() allows the walk (lockdep). */
#define list_for_each_entry_rcu(pos, head, member, ...)				\
	for (sim_rcu_check_walk(false, ##__VA_ARGS__),				\
	     (pos) = list_entry_rcu((head)->next, __typeof__(*(pos)), member);	\
	     !list_entry_is_head(pos, head, member);				\
	     (pos) = list_entry_rcu((pos)->member.next, __typeof__(*(pos)), member))

#endif
