/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _SIM_LINUX_CONTAINER_OF_H
#define _SIM_LINUX_CONTAINER_OF_H

#include <linux/stddef.h>
#include <linux/types.h>

/* The object of @type whose @member @ptr points at; a pointer to another type does not compile. */
#define container_of(ptr, type, member)						\
({										\
	_Static_assert(__builtin_types_compatible_p(__typeof__(*(ptr)),		\
						    __typeof__(((type *)0)->member)) ||	\
		       __builtin_types_compatible_p(__typeof__(*(ptr)), void),	\
		       "pointer and member differ in type");			\
	(type *)((uintptr_t)(ptr) - offsetof(type, member));			\
})

#endif
