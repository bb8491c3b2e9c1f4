/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _SIM_LINUX_ERR_H
#define _SIM_LINUX_ERR_H

#include <errno.h>
#include <linux/compiler.h>
#include <linux/types.h>

/* Error numbers travel in the last page of the address space, where no object is. */
#define MAX_ERRNO	4095

#define IS_ERR_VALUE(x)	unlikely((uintptr_t)(x) >= (uintptr_t)-MAX_ERRNO)

/**
 * ERR_PTR() - an error number as a pointer
 * @error: negative errno
 */
static inline void *ERR_PTR(long error)
{
	return (void *)(intptr_t)error;
}

/**
 * PTR_ERR() - the error number in a pointer for which IS_ERR() holds
 * @ptr: the pointer
 */
static inline long PTR_ERR(const void *ptr)
{
	return (long)(intptr_t)ptr;
}

/**
 * IS_ERR() - does the pointer hold an error number?
 * @ptr: the pointer
 */
static inline bool IS_ERR(const void *ptr)
{
	return IS_ERR_VALUE(ptr);
}

/**
 * IS_ERR_OR_NULL() - does the pointer hold an error number or nothing?
 * @ptr: the pointer
 */
static inline bool IS_ERR_OR_NULL(const void *ptr)
{
	return !ptr || IS_ERR(ptr);
}

#endif
