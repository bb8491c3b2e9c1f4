/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _SIM_LINUX_LIST_H
#define _SIM_LINUX_LIST_H

/*
 * Circular doubly linked lists with the link inside the element.  The caller brings the locking.
 * Where readers may be walking under RCU, linux/rculist.h has the functions to use.
 */

#include <linux/compiler.h>
#include <linux/container_of.h>
#include <linux/poison.h>
#include <linux/stddef.h>
#include <linux/types.h>

#define LIST_HEAD_INIT(name)	{ .next = &(name), .prev = &(name) }
#define LIST_HEAD(name)		struct list_head name = LIST_HEAD_INIT(name)

/**
 * INIT_LIST_HEAD() - make an empty list, or a link that is on no list
 * @list: the head or link
 */
static inline void INIT_LIST_HEAD(struct list_head *list)
{
	WRITE_ONCE(list->next, list);
	WRITE_ONCE(list->prev, list);
}

/* By its address as a number: who announces accesses to NULL says more than UBSan, which would stop. */
#define sim_link_field(link, member)						\
	(*(struct list_head **)((uintptr_t)(link) + offsetof(struct list_head, member)))

/**
 * sim_list_join() - let two links be neighbours
 * @left: will be followed by @right
 * @right: will be preceded by @left
 */
static inline void sim_list_join(struct list_head *left, struct list_head *right)
{
	WRITE_ONCE(sim_link_field(right, prev), left);
	WRITE_ONCE(sim_link_field(left, next), right);
}

/**
 * sim_list_insert() - put a link between a link and the one that follows it
 * @entry: the new link
 * @where: the link it comes after
 */
static inline void sim_list_insert(struct list_head *entry, struct list_head *where)
{
	struct list_head *after = where->next;

	sim_list_join(entry, after);
	sim_list_join(where, entry);
}

/**
 * list_add() - insert at the front: what was added last comes first
 * @entry: on no list
 * @head: the list
 */
static inline void list_add(struct list_head *entry, struct list_head *head)
{
	sim_list_insert(entry, head);
}

/**
 * list_add_tail() - insert at the end
 * @entry: on no list
 * @head: the list
 */
static inline void list_add_tail(struct list_head *entry, struct list_head *head)
{
	sim_list_insert(entry, head->prev);
}

/**
 * list_del() - take a link off its list and poison it
 * @entry: on a list
 */
static inline void list_del(struct list_head *entry)
{
	sim_list_join(entry->prev, entry->next);
	WRITE_ONCE(entry->next, LIST_POISON1);
	WRITE_ONCE(entry->prev, LIST_POISON2);
}

/**
 * list_del_init() - take a link off its list and make it one that is on no list
 * @entry: on a list, or initialised
 */
static inline void list_del_init(struct list_head *entry)
{
	sim_list_join(entry->prev, entry->next);
	INIT_LIST_HEAD(entry);
}

/**
 * list_replace() - let a new link take the place of an old one, which is left as it is
 * @old: on a list
 * @entry: on no list
 */
static inline void list_replace(struct list_head *old, struct list_head *entry)
{
	struct list_head *before = old->prev, *after = old->next;

	sim_list_join(entry, after);
	sim_list_join(before, entry);
}

/**
 * list_move() - take a link off its list and insert it at the front of a list
 * @entry: on a list
 * @head: the list it goes to; may be its own
 */
static inline void list_move(struct list_head *entry, struct list_head *head)
{
	sim_list_join(entry->prev, entry->next);
	sim_list_insert(entry, head);
}

/**
 * list_move_tail() - take a link off its list and insert it at the end of a list
 * @entry: on a list
 * @head: the list it goes to; may be its own
 */
static inline void list_move_tail(struct list_head *entry, struct list_head *head)
{
	sim_list_join(entry->prev, entry->next);
	sim_list_insert(entry, head->prev);
}

/**
 * list_empty() - is nothing on the list?  For a link: is it on no list?
 * @head: the list
 */
static inline bool list_empty(const struct list_head *head)
{
	return READ_ONCE(head->next) == head;
}

/**
 * list_is_singular() - is exactly one entry on the list?
 * @head: the list
 */
static inline bool list_is_singular(const struct list_head *head)
{
	return !list_empty(head) && head->next == head->prev;
}

/**
 * list_is_last() - is the link the last of its list?
 * @entry: on @head
 * @head: the list
 */
static inline bool list_is_last(const struct list_head *entry, const struct list_head *head)
{
	return entry->next == head;
}

/**
 * list_splice_init() - move all entries of one list to the front of another
 * @list: is empty after that
 * @head: the list that takes them
 */
static inline void list_splice_init(struct list_head *list, struct list_head *head)
{
	struct list_head *after = head->next;

	if (list_empty(list))
		return;
	sim_list_join(list->prev, after);
	sim_list_join(head, list->next);
	INIT_LIST_HEAD(list);
}

/**
 * list_splice_tail_init() - move all entries of one list to the end of another
 * @list: is empty after that
 * @head: the list that takes them
 */
static inline void list_splice_tail_init(struct list_head *list, struct list_head *head)
{
	list_splice_init(list, head->prev);
}

#define list_entry(ptr, type, member)		container_of(ptr, type, member)
#define list_first_entry(head, type, member)	list_entry((head)->next, type, member)
#define list_last_entry(head, type, member)	list_entry((head)->prev, type, member)
#define list_next_entry(pos, member) \
	list_entry((pos)->member.next, __typeof__(*(pos)), member)
#define list_prev_entry(pos, member) \
	list_entry((pos)->member.prev, __typeof__(*(pos)), member)
#define list_entry_is_head(pos, head, member)	(&(pos)->member == (head))

#define list_first_entry_or_null(head, type, member)				\
({										\
	struct list_head *__list_h = (head);					\
	struct list_head *__list_n = READ_ONCE(__list_h->next);			\
	__list_n == __list_h ? NULL : list_entry(__list_n, type, member);	\
})

/**
 * sim_list_after() - the link that follows, by a plain load
 * @link: on a list
 */
static __always_inline struct list_head *sim_list_after(const struct list_head *link)
{
	/* Under the list's lock nobody cares; but there are walks that should have had it. */
	sim_point(SIM_POINT_READ, &link->next);
	return link->next;
}

#define list_for_each(link, head) \
	for ((link) = sim_list_after(head); (link) != (head); (link) = sim_list_after(link))

#define list_for_each_entry(pos, head, member)					\
	for ((pos) = list_entry(sim_list_after(head), __typeof__(*(pos)), member); \
	     !list_entry_is_head(pos, head, member);				\
	     (pos) = list_entry(sim_list_after(&(pos)->member), __typeof__(*(pos)), member))

#define list_for_each_entry_reverse(pos, head, member)				\
	for ((pos) = list_last_entry(head, __typeof__(*(pos)), member);		\
	     !list_entry_is_head(pos, head, member);				\
	     (pos) = list_prev_entry(pos, member))

/* @pos may be removed, or freed, by the body; @next may not. */
#define list_for_each_entry_safe(pos, next, head, member)			\
	for ((pos) = list_first_entry(head, __typeof__(*(pos)), member),	\
	     (next) = list_next_entry(pos, member);				\
	     !list_entry_is_head(pos, head, member);				\
	     (pos) = (next), (next) = list_next_entry(next, member))

#endif
