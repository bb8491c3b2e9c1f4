/* SPDX-License-Identifier: GPL-2.0-only */

#include <linux/bug.h>
#include <linux/refcount.h>

static void saturate(refcount_t *r)
{
	atomic_set(&r->refs, REFCOUNT_SATURATED);
}

bool refcount_inc_not_zero(refcount_t *r)
{
	int old = atomic_read(&r->refs);

	do {
		if (!old)
			return false;
	} while (!atomic_try_cmpxchg(&r->refs, &old, (int)((unsigned int)old + 1)));

	/* Negative before is saturated already; the largest positive value has just overflowed. */
	if (unlikely(old < 0 || old == REFCOUNT_MAX)) {
		saturate(r);
		WARN_ONCE(1, "refcount_t: overflow, the object will leak");
	}
	return true;
}

void refcount_inc(refcount_t *r)
{
	int old = atomic_fetch_add(1, &r->refs);

	if (unlikely(!old)) {
		saturate(r);
		WARN_ONCE(1, "refcount_t: taken when it was 0, the object may be gone");
	} else if (unlikely(old < 0 || old == REFCOUNT_MAX)) {
		saturate(r);
		WARN_ONCE(1, "refcount_t: overflow, the object will leak");
	}
}

bool refcount_dec_and_test(refcount_t *r)
{
	int old = atomic_fetch_sub(1, &r->refs);

	if (old == 1)
		return true;
	if (unlikely(old <= 0)) {
		saturate(r);
		WARN_ONCE(1, "refcount_t: dropped once too often, the object may be gone");
	}
	return false;
}

void refcount_dec(refcount_t *r)
{
	if (unlikely(atomic_fetch_sub(1, &r->refs) <= 1)) {
		saturate(r);
		WARN_ONCE(1, "refcount_t: the last reference is gone, the object will leak");
	}
}
