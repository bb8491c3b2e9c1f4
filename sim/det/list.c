/* SPDX-License-Identifier: GPL-2.0-only */
#include <linux/rculist.h>

/*
 * The changes of lists that readers walk meanwhile, store by store, so that a reader can
 * come between any two of them.
 */

static void insert_rcu(struct list_head *entry, struct list_head *before, struct list_head *after)
{
	entry->next = after;
	entry->prev = before;
	rcu_assign_pointer(before->next, entry);
	WRITE_ONCE(after->prev, entry);
}

void list_add_rcu(struct list_head *entry, struct list_head *head)
{
	insert_rcu(entry, head, head->next);
}

void list_add_tail_rcu(struct list_head *entry, struct list_head *head)
{
	insert_rcu(entry, head->prev, head);
}

void list_del_rcu(struct list_head *entry)
{
	WRITE_ONCE(entry->next->prev, entry->prev);
	WRITE_ONCE(entry->prev->next, entry->next);
	entry->prev = LIST_POISON2;
}

void list_replace_rcu(struct list_head *old, struct list_head *entry)
{
	struct list_head *before = old->prev, *after = old->next;

	insert_rcu(entry, before, after);
	old->prev = LIST_POISON2;
}
