/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef _SIM_LINUX_BITOPS_H
#define _SIM_LINUX_BITOPS_H

#include <linux/align.h>
#include <linux/bits.h>
#include <linux/compiler.h>

#define BITS_TO_LONGS(nr)		DIV_ROUND_UP(nr, BITS_PER_LONG)
#define DECLARE_BITMAP(name, bits)	unsigned long name[BITS_TO_LONGS(bits)]

/**
 * __ffs() - number of the lowest set bit, 0 to 63
 * @word: not 0; the result for 0 is undefined, as in the kernel
 */
static __always_inline unsigned long __ffs(unsigned long word)
{
	return (unsigned long)__builtin_ctzl(word);
}

/**
 * __ffs64() - __ffs() of a 64-bit word
 * @word: not 0
 */
static __always_inline unsigned long __ffs64(u64 word)
{
	return (unsigned long)__builtin_ctzll(word);
}

/**
 * __fls() - number of the highest set bit, 0 to 63
 * @word: not 0
 */
static __always_inline unsigned long __fls(unsigned long word)
{
	return (unsigned long)(BITS_PER_LONG - 1 - __builtin_clzl(word));
}

/**
 * fls64() - position of the highest set bit counted from 1, or 0 if there is none
 * @word: any
 */
static __always_inline int fls64(u64 word)
{
	return word ? 64 - __builtin_clzll(word) : 0;
}

/**
 * ffs64() - position of the lowest set bit counted from 1, or 0 if there is none
 * @word: any
 */
static __always_inline int ffs64(u64 word)
{
	return __builtin_ffsll((long long)word);
}

/**
 * hweight64() - how many bits are set
 * @word: any
 */
static __always_inline unsigned int hweight64(u64 word)
{
	return (unsigned int)__builtin_popcountll(word);
}

/**
 * hweight_long() - how many bits are set
 * @word: any
 */
static __always_inline unsigned int hweight_long(unsigned long word)
{
	return (unsigned int)__builtin_popcountl(word);
}

/**
 * set_bit() - set one bit of a bitmap, atomically, without ordering
 * @nr: the bit
 * @addr: the bitmap
 */
static __always_inline void set_bit(unsigned long nr, volatile unsigned long *addr)
{
	sim_point(SIM_POINT_RMW, addr + BIT_WORD(nr));
	__atomic_fetch_or(addr + BIT_WORD(nr), BIT_MASK(nr), __ATOMIC_RELAXED);
}

/**
 * clear_bit() - clear one bit of a bitmap, atomically, without ordering
 * @nr: the bit
 * @addr: the bitmap
 */
static __always_inline void clear_bit(unsigned long nr, volatile unsigned long *addr)
{
	sim_point(SIM_POINT_RMW, addr + BIT_WORD(nr));
	__atomic_fetch_and(addr + BIT_WORD(nr), ~BIT_MASK(nr), __ATOMIC_RELAXED);
}

/**
 * test_bit() - is the bit set?
 * @nr: the bit
 * @addr: the bitmap
 */
static __always_inline bool test_bit(unsigned long nr, const volatile unsigned long *addr)
{
	sim_point(SIM_POINT_READ, addr + BIT_WORD(nr));
	return __atomic_load_n(addr + BIT_WORD(nr), __ATOMIC_RELAXED) & BIT_MASK(nr);
}

/**
 * test_and_set_bit() - set one bit atomically, as a full barrier
 * @nr: the bit
 * @addr: the bitmap
 *
 * Return: what the bit was.
 */
static __always_inline bool test_and_set_bit(unsigned long nr, volatile unsigned long *addr)
{
	sim_point(SIM_POINT_RMW, addr + BIT_WORD(nr));
	return __atomic_fetch_or(addr + BIT_WORD(nr), BIT_MASK(nr), __ATOMIC_SEQ_CST) &
	       BIT_MASK(nr);
}

/**
 * test_and_clear_bit() - clear one bit atomically, as a full barrier
 * @nr: the bit
 * @addr: the bitmap
 *
 * Return: what the bit was.
 */
static __always_inline bool test_and_clear_bit(unsigned long nr, volatile unsigned long *addr)
{
	sim_point(SIM_POINT_RMW, addr + BIT_WORD(nr));
	return __atomic_fetch_and(addr + BIT_WORD(nr), ~BIT_MASK(nr), __ATOMIC_SEQ_CST) &
	       BIT_MASK(nr);
}

/**
 * __set_bit() - set one bit of a bitmap that nobody else changes now
 * @nr: the bit
 * @addr: the bitmap
 */
static __always_inline void __set_bit(unsigned long nr, unsigned long *addr)
{
	unsigned long *word = addr + BIT_WORD(nr), old;

	/* Two steps: if somebody does change it, a schedule can show what that loses. */
	sim_point(SIM_POINT_READ, word);
	old = *word;
	sim_point(SIM_POINT_WRITE, word);
	*word = old | BIT_MASK(nr);
}

/**
 * __clear_bit() - clear one bit of a bitmap that nobody else changes now
 * @nr: the bit
 * @addr: the bitmap
 */
static __always_inline void __clear_bit(unsigned long nr, unsigned long *addr)
{
	unsigned long *word = addr + BIT_WORD(nr), old;

	sim_point(SIM_POINT_READ, word);
	old = *word;
	sim_point(SIM_POINT_WRITE, word);
	*word = old & ~BIT_MASK(nr);
}

/**
 * __test_and_set_bit() - set one bit of a bitmap that nobody else changes now
 * @nr: the bit
 * @addr: the bitmap
 *
 * Return: what the bit was.
 */
static __always_inline bool __test_and_set_bit(unsigned long nr, unsigned long *addr)
{
	bool old = addr[BIT_WORD(nr)] & BIT_MASK(nr);

	__set_bit(nr, addr);
	return old;
}

/**
 * __test_and_clear_bit() - clear one bit of a bitmap that nobody else changes now
 * @nr: the bit
 * @addr: the bitmap
 *
 * Return: what the bit was.
 */
static __always_inline bool __test_and_clear_bit(unsigned long nr, unsigned long *addr)
{
	bool old = addr[BIT_WORD(nr)] & BIT_MASK(nr);

	__clear_bit(nr, addr);
	return old;
}

/**
 * find_next_bit() - the first set bit at or after a position
 * @addr: the bitmap
 * @size: how many bits it has
 * @from: where to begin
 *
 * Return: the bit's number, or @size if there is none.
 */
static inline unsigned long find_next_bit(const unsigned long *addr, unsigned long size,
					  unsigned long from)
{
	unsigned long word, base, bit;

	if (from >= size)
		return size;

	base = from - from % BITS_PER_LONG;
	word = addr[BIT_WORD(from)] & (~0UL << (from % BITS_PER_LONG));
	while (!word) {
		base += BITS_PER_LONG;
		if (base >= size)
			return size;
		word = addr[BIT_WORD(base)];
	}
	bit = base + __ffs(word);
	return bit < size ? bit : size;
}

/**
 * find_first_bit() - the first set bit
 * @addr: the bitmap
 * @size: how many bits it has
 *
 * Return: the bit's number, or @size if there is none.
 */
static inline unsigned long find_first_bit(const unsigned long *addr, unsigned long size)
{
	return find_next_bit(addr, size, 0);
}

#define for_each_set_bit(bit, addr, size)					\
	for ((bit) = find_first_bit((addr), (size)); (bit) < (size);		\
	     (bit) = find_next_bit((addr), (size), (bit) + 1))

/**
 * bitmap_set() - set a range of bits of a bitmap that nobody else changes now
 * @map: the bitmap
 * @start: the first
 * @nbits: how many
 */
static inline void bitmap_set(unsigned long *map, unsigned int start, unsigned int nbits)
{
	unsigned int i;

	for (i = start; i < start + nbits; i++)
		map[BIT_WORD(i)] |= BIT_MASK(i);
}

/**
 * bitmap_zero() - clear a whole bitmap that nobody else changes now
 * @dst: the bitmap
 * @nbits: how many bits it has
 */
static inline void bitmap_zero(unsigned long *dst, unsigned int nbits)
{
	__builtin_memset(dst, 0, BITS_TO_LONGS(nbits) * sizeof(unsigned long));
}

/**
 * bitmap_empty() - is no bit set?
 * @src: the bitmap
 * @nbits: how many bits it has
 */
static inline bool bitmap_empty(const unsigned long *src, unsigned int nbits)
{
	return find_first_bit(src, nbits) == nbits;
}

#endif
