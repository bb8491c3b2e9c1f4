/* SPDX-License-Identifier: GPL-2.0-only */

/*
 * The seam without threads of its own: bits, lists, reports, reference counts, locks, lockdep and
 * rescheduling, with the kernel's semantics.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <linux/atomic.h>
#include <linux/bitops.h>
#include <linux/err.h>
#include <linux/kernel.h>
#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/rcupdate.h>
#include <linux/refcount.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/spinlock.h>

#include "tests/seam_fixture.h"

#if IS_ENABLED(CONFIG_64BIT)
#define OPTION_ON_IN_CPP	1
#else
#define OPTION_ON_IN_CPP	0
#endif

#if IS_ENABLED(CONFIG_NO_SUCH_OPTION)
#define OPTION_OFF_IN_CPP	1
#else
#define OPTION_OFF_IN_CPP	0
#endif

#ifdef NDEBUG
#define ASSERTIONS		0
#else
#define ASSERTIONS		1
#endif

static void bits_and_alignment(void **state)
{
	DECLARE_BITMAP(map, 130);
	unsigned long bit, seen = 0;

	(void)state;
	assert_int_equal(sizeof(map), 3 * sizeof(long));
	assert_true(GENMASK_ULL(51, 12) == 0x000ffffffffff000ULL);
	assert_true(GENMASK_ULL(63, 0) == ~0ULL);
	assert_true(GENMASK_ULL(0, 0) == 1);
	assert_true(BIT_ULL(63) == 0x8000000000000000ULL);
	assert_int_equal(__ffs(0x50), 4);
	assert_int_equal(fls64(0), 0);
	assert_int_equal(fls64(1), 1);
	assert_int_equal(fls64(BIT_ULL(63)), 64);
	assert_int_equal(hweight64(0xf0f0000000000001ULL), 9);
	assert_int_equal(ALIGN(4097, 4096), 8192);
	assert_int_equal(ALIGN(4096, 4096), 4096);
	assert_int_equal(ALIGN_DOWN(8191, 4096), 4096);
	assert_true(IS_ALIGNED(8192UL, 4096));
	assert_false(IS_ALIGNED(8193UL, 4096));
	assert_int_equal(DIV_ROUND_UP(513, 512), 2);
	assert_int_equal(min(3, 4) + max(3, 4) * 10, 43);
	assert_int_equal(min_t(u8, 256 + 7, 9), 7);
	assert_int_equal(clamp(15, 1, 10), 10);

	bitmap_zero(map, 130);
	assert_int_equal(find_first_bit(map, 130), 130);
	__set_bit(0, map);
	set_bit(63, map);
	__set_bit(64, map);
	set_bit(129, map);
	for_each_set_bit(bit, map, 130)
		seen = seen * 1000 + bit;
	assert_int_equal(seen, 63064129);
	/* The size bounds the search, whatever lies behind it in the same word. */
	assert_int_equal(find_next_bit(map, 129, 65), 129);
	assert_true(test_and_clear_bit(64, map));
	assert_false(test_and_clear_bit(64, map));
	assert_false(test_and_set_bit(65, map));
	assert_true(test_bit(65, map));
	clear_bit(65, map);
	assert_int_equal(find_next_bit(map, 130, 64), 129);
}

static void config_options_are_0_or_1(void **state)
{
	int on = 0;

	(void)state;
	assert_int_equal(OPTION_ON_IN_CPP, 1);
	assert_int_equal(OPTION_OFF_IN_CPP, 0);
	assert_int_equal(IS_ENABLED(CONFIG_64BIT), 1);
	assert_int_equal(IS_ENABLED(CONFIG_NO_SUCH_OPTION), 0);
	assert_int_equal(IS_ENABLED(CONFIG_PROVE_LOCKING), ASSERTIONS);

	assert_true(IS_ERR(ERR_PTR(-EINVAL)));
	assert_int_equal(PTR_ERR(ERR_PTR(-EINVAL)), -EINVAL);
	assert_false(IS_ERR(NULL));
	assert_false(IS_ERR(&on));
	assert_true(IS_ERR_OR_NULL(NULL));
}

struct item {
	int value;
	struct list_head link;
};

static int digits(struct list_head *list)
{
	struct item *it;
	int value = 0;

	list_for_each_entry(it, list, link)
		value = value * 10 + it->value;
	return value;
}

static void lists_keep_their_order(void **state)
{
	struct item items[5], *it, *next;
	LIST_HEAD(list);
	LIST_HEAD(other);
	int i;

	(void)state;
	assert_null(list_first_entry_or_null(&list, struct item, link));
	for (i = 0; i < 5; i++)
		items[i].value = i + 1;
	list_add_tail(&items[1].link, &list);
	list_add_tail(&items[2].link, &list);
	list_add(&items[0].link, &list);
	assert_int_equal(digits(&list), 123);
	assert_ptr_equal(list_first_entry_or_null(&list, struct item, link), &items[0]);
	assert_ptr_equal(list_last_entry(&list, struct item, link), &items[2]);

	list_move_tail(&items[0].link, &list);
	assert_int_equal(digits(&list), 231);
	list_replace(&items[2].link, &items[3].link);
	assert_int_equal(digits(&list), 241);

	list_add(&items[4].link, &other);
	list_move(&items[1].link, &other);
	assert_int_equal(digits(&other), 25);
	list_splice_tail_init(&other, &list);
	assert_true(list_empty(&other));
	assert_int_equal(digits(&list), 4125);

	list_for_each_entry_safe(it, next, &list, link) {
		if (it->value > 3)
			list_del_init(&it->link);
	}
	assert_int_equal(digits(&list), 12);
	assert_true(list_empty(&items[3].link));
	list_del(&items[0].link);
	assert_true(list_is_singular(&list));
	assert_ptr_equal(items[0].link.next, LIST_POISON1);
	assert_ptr_equal(items[0].link.prev, LIST_POISON2);
}

static void atomics_return_what_the_kernel_s_do(void **state)
{
	atomic_t a = ATOMIC_INIT(5);
	atomic64_t b = ATOMIC64_INIT(0);
	u64 spte = 0x8000000000000867ULL, expected;

	(void)state;
	assert_int_equal(atomic_inc_return(&a), 6);
	assert_int_equal(atomic_fetch_add(4, &a), 6);
	assert_int_equal(atomic_cmpxchg(&a, 9, 1), 10);
	assert_int_equal(atomic_cmpxchg(&a, 10, 1), 10);
	assert_true(atomic_dec_and_test(&a));
	assert_false(atomic_inc_not_zero(&a));
	assert_int_equal(atomic_read(&a), 0);
	atomic64_add(-3, &b);
	assert_true(atomic64_read(&b) == -3);
	assert_true(atomic64_fetch_and(0xf, &b) == -3);
	assert_true(atomic64_read(&b) == 0xd);

	expected = 1;
	assert_false(try_cmpxchg64(&spte, &expected, 2));
	assert_true(expected == 0x8000000000000867ULL);
	assert_true(try_cmpxchg64(&spte, &expected, 2));
	assert_true(cmpxchg64(&spte, 3, 4) == 2);
	assert_true(xchg(&spte, 0) == 2);
	assert_true(spte == 0);
}

static void warnings_are_values_and_reports(void **state)
{
	unsigned long count = sim_warn_count();
	int i, hits = 0;

	(void)state;
	assert_false(WARN_ON(hits == 1));
	assert_int_equal(reports, 0);
	assert_true(WARN_ON(hits == 0));
	assert_reported("hits == 0");
	assert_true(WARN(true, "level %d\n", 4));
	assert_string_equal(last_report, "level 4");
	assert_int_equal(sim_warn_count(), count + 2);

	reports = 0;
	for (i = 0; i < 6; i++) {
		if (i == 3)
			sim_warn_once_clear();
		hits += WARN_ON_ONCE(i >= 1);
	}
	/* True each time; said once before and once after the reset. */
	assert_int_equal(hits, 5);
	assert_int_equal(reports, 2);

	reports = 0;
	for (i = 0; i < 30; i++)
		pr_warn_ratelimited("again\n");
	assert_int_equal(reports, 10);
}

static jmp_buf bug_jump;

static void jump_on_bug(enum sim_report_kind kind, const char *file, int line, const char *msg)
{
	keep_report(kind, file, line, msg);
	if (kind == SIM_REPORT_BUG)
		longjmp(bug_jump, 1);
}

static void bug_does_not_come_back(void **state)
{
	static volatile int reached;

	(void)state;
	reached = 0;
	sim_set_report_handler(jump_on_bug);
	if (!setjmp(bug_jump)) {
		reached = 1;
		BUG_ON(reached == 0);
		reached = 2;
		BUG_ON(reached == 2);
		reached = 3;
	}
	assert_int_equal(reached, 2);
	assert_reported("reached == 2");
}

static void refcounts_saturate(void **state)
{
	refcount_t r;

	(void)state;
	refcount_set(&r, 1);
	refcount_inc(&r);
	assert_int_equal(refcount_read(&r), 2);
	assert_false(refcount_dec_and_test(&r));
	assert_true(refcount_dec_and_test(&r));
	assert_false(refcount_inc_not_zero(&r));
	assert_int_equal(refcount_read(&r), 0);
	assert_int_equal(reports, 0);

	/* One drop too many: reported, and the count is far from 0 for good. */
	assert_false(refcount_dec_and_test(&r));
	assert_reported("dropped once too often");
	assert_int_equal((int)refcount_read(&r), REFCOUNT_SATURATED);
	assert_true(refcount_inc_not_zero(&r));
	assert_false(refcount_dec_and_test(&r));
	assert_int_equal((int)refcount_read(&r), REFCOUNT_SATURATED);

	reports = 0;
	sim_warn_once_clear();
	refcount_set(&r, 0);
	refcount_inc(&r);
	assert_reported("taken when it was 0");
	assert_int_equal((int)refcount_read(&r), REFCOUNT_SATURATED);

	sim_warn_once_clear();
	refcount_set(&r, INT32_MAX);
	assert_true(refcount_inc_not_zero(&r));
	assert_reported("overflow");
	assert_int_equal((int)refcount_read(&r), REFCOUNT_SATURATED);

	sim_warn_once_clear();
	refcount_set(&r, 1);
	refcount_dec(&r);
	assert_reported("the last reference is gone");
}

struct contender {
	rwlock_t *lock;
	pthread_t thread;
	bool has_written;
};

static void *write_once(void *arg)
{
	struct contender *c = arg;

	sim_thread_init();
	write_lock(c->lock);
	FLAG_SET(c->has_written);
	write_unlock(c->lock);
	sim_thread_exit();
	return NULL;
}

static void *read_once(void *arg)
{
	struct contender *c = arg;

	sim_thread_init();
	read_lock(c->lock);
	read_unlock(c->lock);
	sim_thread_exit();
	return NULL;
}

static bool readers_are_kept_out(rwlock_t *lock)
{
	if (!read_trylock(lock))
		return true;
	read_unlock(lock);
	return false;
}

/* This thread holds the lock for reading; a writer comes, and is seen to wait for it. */
static void bring_writer(struct contender *c, rwlock_t *lock)
{
	c->lock = lock;
	c->has_written = false;
	assert_int_equal(pthread_create(&c->thread, NULL, write_once, c), 0);
	assert_true(within_ns(MUST_NS, readers_are_kept_out(lock)));
	assert_false(FLAG_GET(c->has_written));
}

/*
 *   this thread          writer
 *   read_lock
 *                        write_lock ...waits
 *   read_trylock fails
 *   read_unlock
 *                        ...has it
 */
static void waiting_writer_keeps_readers_out(void **state)
{
	struct contender c;
	rwlock_t lock;

	(void)state;
	rwlock_init(&lock);
	read_lock(&lock);
	assert_true(read_trylock(&lock));
	read_unlock(&lock);
	assert_false(write_trylock(&lock));
	assert_false(rwlock_needbreak(&lock));

	bring_writer(&c, &lock);
	assert_true(rwlock_is_contended(&lock));
	assert_true(rwlock_needbreak(&lock));
	sim_config_preemption = false;
	assert_false(rwlock_needbreak(&lock));
	assert_true(rwlock_is_contended(&lock));
	sim_config_preemption = true;

	read_unlock(&lock);
	pthread_join(c.thread, NULL);
	assert_true(c.has_written);
	assert_false(rwlock_is_contended(&lock));
	assert_true(write_trylock(&lock));
	assert_false(read_trylock(&lock));
	write_unlock(&lock);
	assert_int_equal(reports, 0);
}

static void reader_lets_a_waiting_writer_in(void **state)
{
	struct contender c;
	rwlock_t lock;

	(void)state;
	rwlock_init(&lock);
	read_lock(&lock);
	assert_int_equal(cond_resched_rwlock_read(&lock), 0);

	bring_writer(&c, &lock);
	assert_int_equal(cond_resched_rwlock_read(&lock), 1);
	/* The writer was first in line, so it must have been and gone. */
	assert_true(FLAG_GET(c.has_written));
	assert_false(write_trylock(&lock));
	read_unlock(&lock);
	pthread_join(c.thread, NULL);
	assert_int_equal(reports, 0);
}

static void writer_sees_a_waiting_reader(void **state)
{
	struct contender c = { .has_written = false };
	rwlock_t lock;

	(void)state;
	rwlock_init(&lock);
	write_lock(&lock);
	assert_int_equal(cond_resched_rwlock_write(&lock), 0);
	c.lock = &lock;
	assert_int_equal(pthread_create(&c.thread, NULL, read_once, &c), 0);
	assert_true(within_ns(MUST_NS, rwlock_needbreak(&lock)));
	assert_int_equal(cond_resched_rwlock_write(&lock), 1);
	/* It is this thread's again. */
	assert_false(read_trylock(&lock));
	write_unlock(&lock);
	pthread_join(c.thread, NULL);
	assert_int_equal(reports, 0);
}

static int hook_calls;

static int every_third_time(void)
{
	return ++hook_calls % 3 == 0;
}

static void time_slices_end_when_told(void **state)
{
	rwlock_t lock;

	(void)state;
	rwlock_init(&lock);
	assert_false(need_resched());
	assert_int_equal(cond_resched(), 0);
	sim_set_need_resched(true);
	assert_true(need_resched());
	assert_int_equal(cond_resched(), 1);
	assert_false(need_resched());

	sim_set_need_resched(true);
	write_lock(&lock);
	assert_int_equal(cond_resched_rwlock_write(&lock), 1);
	assert_int_equal(cond_resched_rwlock_write(&lock), 0);
	write_unlock(&lock);

	hook_calls = 0;
	sim_resched_hook = every_third_time;
	assert_false(need_resched());
	assert_false(need_resched());
	assert_true(need_resched());
	/* It stays so, and the hook is not asked, until the thread has rescheduled. */
	assert_true(need_resched());
	assert_int_equal(hook_calls, 3);
	assert_int_equal(cond_resched(), 1);
	assert_int_equal(cond_resched(), 0);
	assert_int_equal(hook_calls, 4);
	sim_resched_hook = NULL;
	sim_set_need_resched(false);
	assert_int_equal(reports, 0);
}

static void lockdep_is_quiet_about_what_is_right(void **state)
{
	DEFINE_MUTEX(mutex);
	spinlock_t spin;
	rwlock_t lock;

	(void)state;
	rwlock_init(&lock);
	spin_lock_init(&spin);
	mutex_lock(&mutex);
	lockdep_assert_held(&mutex);
	might_sleep();
	read_lock(&lock);
	lockdep_assert_held(&lock);
	lockdep_assert_held_read(&lock);
	assert_true(lockdep_is_held(&lock));
	spin_lock(&spin);
	/* Not in the order in which they were taken. */
	read_unlock(&lock);
	lockdep_assert_held(&spin);
	lockdep_assert_not_held(&lock);
	spin_unlock(&spin);
	mutex_unlock(&mutex);
	lockdep_assert_not_held(&mutex);
	write_lock(&lock);
	lockdep_assert_held(&lock);
	lockdep_assert_held_write(&lock);
	write_unlock(&lock);
	assert_int_equal(reports, 0);
	mutex_destroy(&mutex);
}

static void lockdep_reports_what_is_wrong(void **state)
{
	spinlock_t spin;
	rwlock_t lock;

	(void)state;
	if (!IS_ENABLED(CONFIG_PROVE_LOCKING))
		skip();
	rwlock_init(&lock);
	spin_lock_init(&spin);

	assert_false(lockdep_is_held(&lock));
	lockdep_assert_held(&lock);
	assert_reported("&lock is not held; this thread holds nothing");
	read_lock(&lock);
	lockdep_assert_held_write(&lock);
	assert_reported("&lock is not held for writing; this thread holds rwlock for reading");
	assert_non_null(strstr(last_report, "test_seam.c:"));
	lockdep_assert_not_held(&lock);
	assert_reported("must not be");
	lockdep_assert_held(&spin);
	assert_reported("&spin is not held");

	/* A second time in the same thread would wait for itself as soon as a writer waits. */
	read_lock(&lock);
	assert_reported("deadlock");
	read_unlock(&lock);
	read_unlock(&lock);
	assert_int_equal(reports, 0);

	write_lock(&lock);
	lockdep_assert_held_read(&lock);
	assert_reported("&lock is not held for reading");
	write_unlock(&lock);
}

static void *hold_elsewhere(void *arg)
{
	sim_thread_init();
	spin_lock((spinlock_t *)arg);
	/* Ends without spin_unlock(): the report is what is tested; the lock is left to the test. */
	sim_thread_exit();
	return NULL;
}

static void lockdep_is_per_thread(void **state)
{
	spinlock_t spin;
	pthread_t thread;

	(void)state;
	if (!IS_ENABLED(CONFIG_PROVE_LOCKING))
		skip();
	spin_lock_init(&spin);
	assert_int_equal(pthread_create(&thread, NULL, hold_elsewhere, &spin), 0);
	pthread_join(thread, NULL);
	assert_reported("a thread ends and holds spinlock");
	assert_false(lockdep_is_held(&spin));
	assert_false(spin_trylock(&spin));
}

static void sleeping_where_one_may_not_is_reported(void **state)
{
	DEFINE_MUTEX(mutex);
	spinlock_t spin;
	rwlock_t lock;
	void *p;

	(void)state;
	if (!IS_ENABLED(CONFIG_PROVE_LOCKING))
		skip();
	rwlock_init(&lock);
	spin_lock_init(&spin);

	/* KVM's page fault path: memory comes before mmu_lock, or with GFP_NOWAIT. */
	write_lock(&lock);
	p = kmalloc(8, GFP_NOWAIT);
	assert_int_equal(reports, 0);
	kfree(p);
	p = kmalloc(8, GFP_KERNEL);
	assert_reported("may sleep");
	kfree(p);
	mutex_lock(&mutex);
	assert_reported("may sleep");
	mutex_unlock(&mutex);

	/* The lock that is going to be dropped does not count; another one does. */
	cond_resched_rwlock_write(&lock);
	assert_int_equal(reports, 0);
	spin_lock(&spin);
	cond_resched_rwlock_write(&lock);
	assert_reported("may sleep");
	spin_unlock(&spin);
	write_unlock(&lock);

	rcu_read_lock();
	cond_resched();
	assert_reported("RCU read-side section");
	rcu_read_unlock();
	cond_resched();
	assert_int_equal(reports, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		SEAM_TEST(bits_and_alignment),
		SEAM_TEST(config_options_are_0_or_1),
		SEAM_TEST(lists_keep_their_order),
		SEAM_TEST(atomics_return_what_the_kernel_s_do),
		SEAM_TEST(warnings_are_values_and_reports),
		SEAM_TEST(bug_does_not_come_back),
		SEAM_TEST(refcounts_saturate),
		SEAM_TEST(waiting_writer_keeps_readers_out),
		SEAM_TEST(reader_lets_a_waiting_writer_in),
		SEAM_TEST(writer_sees_a_waiting_reader),
		SEAM_TEST(time_slices_end_when_told),
		SEAM_TEST(lockdep_is_quiet_about_what_is_right),
		SEAM_TEST(lockdep_reports_what_is_wrong),
		SEAM_TEST(lockdep_is_per_thread),
		SEAM_TEST(sleeping_where_one_may_not_is_reported),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
