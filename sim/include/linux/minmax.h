/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _SIM_LINUX_MINMAX_H
#define _SIM_LINUX_MINMAX_H

/*
 * As in the kernel, both sides must have one type: a comparison of signed with unsigned would not
 * say what it seems to say.  The _t forms convert first.
 */
#define SIM_SAME_TYPE(a, b) \
	_Static_assert(__builtin_types_compatible_p(__typeof__(a), __typeof__(b)), \
		       "the types differ: use the _t form")

#define min(a, b)								\
({										\
	__auto_type __min_a = (a);						\
	__auto_type __min_b = (b);						\
	SIM_SAME_TYPE(__min_a, __min_b);					\
	__min_a < __min_b ? __min_a : __min_b;					\
})

#define max(a, b)								\
({										\
	__auto_type __max_a = (a);						\
	__auto_type __max_b = (b);						\
	SIM_SAME_TYPE(__max_a, __max_b);					\
	__max_a > __max_b ? __max_a : __max_b;					\
})

#define min_t(type, a, b)		min((type)(a), (type)(b))
#define max_t(type, a, b)		max((type)(a), (type)(b))
#define clamp(val, low, high)		min(max(val, low), high)
#define clamp_t(type, val, low, high)	clamp((type)(val), (type)(low), (type)(high))

#define swap(a, b)								\
do {										\
	__typeof__(a) __swap_t = (a);						\
	(a) = (b);								\
	(b) = __swap_t;								\
} while (0)

#endif
