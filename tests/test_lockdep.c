/* SPDX-License-Identifier: GPL-2.0-only */

/*
 * The order of locks, as lockdep learns it: by where locks are made, from all threads, and told
 * when it is turned round, be it that no two threads ever meet in it.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <linux/mutex.h>
#include <linux/rwlock.h>
#include <linux/spinlock.h>
#include <linux/srcu.h>

#include "mmu/mmu.h"
#include "tests/seam_fixture.h"

static struct mutex outer, middle;
static rwlock_t table;
static spinlock_t inner;

static int setup(void **state)
{
	mutex_init(&outer);
	mutex_init(&middle);
	rwlock_init(&table);
	spin_lock_init(&inner);
	sim_lockdep_forget_order();
	return seam_setup(state);
}

/* Only where locks are followed at all. */
#define NEEDS_LOCKDEP()					\
do {							\
	if (!IS_ENABLED(CONFIG_PROVE_LOCKING))		\
		skip();					\
} while (0)

static void take_in_order(void)
{
	mutex_lock(&outer);
	mutex_lock(&middle);
	read_lock(&table);
	spin_lock(&inner);
	spin_unlock(&inner);
	read_unlock(&table);
	mutex_unlock(&middle);
	mutex_unlock(&outer);
}

static void order_is_kept(void **state)
{
	int i;

	for (i = 0; i < 3; i++)
		take_in_order();
	/* Any part of it is in order, too; the mode of a lock does not matter. */
	write_lock(&table);
	spin_lock(&inner);
	spin_unlock(&inner);
	write_unlock(&table);
	mutex_lock(&outer);
	spin_lock(&inner);
	/* Released in another order: that is nobody's concern. */
	mutex_unlock(&outer);
	spin_unlock(&inner);
	assert_int_equal(reports, 0);
}

static void inversion_is_told(void **state)
{
	NEEDS_LOCKDEP();
	take_in_order();
	mutex_lock(&middle);
	mutex_lock(&outer);
	assert_reported("lockdep: order: &outer (made at ");
	assert_non_null(strstr(last_report, "wanted at "));
	assert_non_null(strstr(last_report, "with &middle (made at "));
	/* The places where it was the other way round. */
	assert_non_null(strstr(last_report, "; before, &middle was wanted at "));
	assert_non_null(strstr(last_report, " with &outer held since "));
	assert_non_null(strstr(last_report, "test_lockdep.c:"));
	mutex_unlock(&outer);
	mutex_unlock(&middle);

	/* Once is enough. */
	mutex_lock(&middle);
	mutex_lock(&outer);
	mutex_unlock(&outer);
	mutex_unlock(&middle);
	assert_int_equal(reports, 0);
}

/* outer before middle; middle before inner; so inner never before outer. */
static void inversion_by_way_of_another(void **state)
{
	DEFINE_MUTEX(last);

	NEEDS_LOCKDEP();
	mutex_lock(&outer);
	mutex_lock(&middle);
	mutex_unlock(&outer);
	mutex_lock(&last);
	mutex_unlock(&middle);
	assert_int_equal(reports, 0);
	mutex_lock(&outer);
	assert_reported("lockdep: order: &outer (made at ");
	assert_non_null(strstr(last_report, "before, &middle was wanted at "));
	assert_non_null(strstr(last_report, "before, last was wanted at "));
	mutex_unlock(&outer);
	mutex_unlock(&last);
	mutex_destroy(&last);
}

/* A lock that is only tried cannot be waited for. */
static void trylock_is_free(void **state)
{
	take_in_order();
	mutex_lock(&middle);
	assert_true(mutex_trylock(&outer));
	mutex_unlock(&outer);
	mutex_unlock(&middle);
	assert_int_equal(reports, 0);
}

static void *take_the_other_way(void *arg)
{
	sim_thread_init();
	mutex_lock(&middle);
	mutex_lock(&outer);
	mutex_unlock(&outer);
	mutex_unlock(&middle);
	sim_thread_exit();
	return NULL;
}

/* One thread after the other: they never wait, but they might have. */
static void threads_learn_together(void **state)
{
	pthread_t thread;

	NEEDS_LOCKDEP();
	take_in_order();
	assert_int_equal(pthread_create(&thread, NULL, take_the_other_way, NULL), 0);
	pthread_join(thread, NULL);
	assert_reported("lockdep: order: &outer");
}

static void make(struct mutex *mutex)
{
	mutex_init(mutex);
}

/* Two locks that are made at one place are of one class. */
static void class_is_where_it_is_made(void **state)
{
	struct mutex first, second, other;

	NEEDS_LOCKDEP();
	make(&first);
	make(&second);
	mutex_init(&other);
	mutex_lock(&first);
	mutex_lock(&other);
	mutex_unlock(&other);
	mutex_unlock(&first);
	mutex_lock(&other);
	mutex_lock(&second);
	assert_reported("lockdep: order: mutex (made at ");
	mutex_unlock(&second);
	mutex_unlock(&other);
	/* One inside another of the same class: their order is not known. */
	mutex_lock(&first);
	mutex_lock(&second);
	mutex_unlock(&second);
	mutex_unlock(&first);
	assert_int_equal(reports, 0);
	mutex_destroy(&first);
	mutex_destroy(&second);
	mutex_destroy(&other);
}

/*
 *	a reader			who waits for readers
 *	srcu_read_lock()
 *					mutex_lock(&outer)
 *	mutex_lock(&outer): waits	synchronize_srcu(): waits
 */
static void srcu_counts(void **state)
{
	struct srcu_struct srcu;
	int idx;

	NEEDS_LOCKDEP();
	assert_int_equal(init_srcu_struct(&srcu), 0);
	idx = srcu_read_lock(&srcu);
	mutex_lock(&outer);
	mutex_unlock(&outer);
	srcu_read_unlock(&srcu, idx);
	/* A reader does not wait, whatever it holds. */
	mutex_lock(&outer);
	idx = srcu_read_lock(&srcu);
	srcu_read_unlock(&srcu, idx);
	assert_int_equal(reports, 0);
	synchronize_srcu(&srcu);
	assert_reported("lockdep: order: srcu (made at ");
	assert_non_null(strstr(last_report, "wanted at synchronize_srcu() with &outer"));
	mutex_unlock(&outer);
	cleanup_srcu_struct(&srcu);
}

/* KVM's own locks, by their names: what docs/architecture.md says of them. */
static void kvm_has_an_order(void **state)
{
	static struct kvm kvm;
	int idx;

	NEEDS_LOCKDEP();
	mutex_init(&kvm.slots_lock);
	mutex_init(&kvm.slots_arch_lock);
	rwlock_init(&kvm.mmu_lock);
	spin_lock_init(&kvm.arch.tdp_mmu_pages_lock);
	assert_int_equal(init_srcu_struct(&kvm.srcu), 0);
	mutex_lock(&kvm.slots_lock);
	mutex_lock(&kvm.slots_arch_lock);
	mutex_unlock(&kvm.slots_arch_lock);
	synchronize_srcu(&kvm.srcu);
	write_lock(&kvm.mmu_lock);
	spin_lock(&kvm.arch.tdp_mmu_pages_lock);
	spin_unlock(&kvm.arch.tdp_mmu_pages_lock);
	write_unlock(&kvm.mmu_lock);
	mutex_unlock(&kvm.slots_lock);
	idx = srcu_read_lock(&kvm.srcu);
	read_lock(&kvm.mmu_lock);
	read_unlock(&kvm.mmu_lock);
	assert_int_equal(reports, 0);

	/* A slot update waits for this reader, and holds the lock that the reader wants. */
	mutex_lock(&kvm.slots_lock);
	assert_reported("lockdep: order: &kvm.slots_lock (made at ");
	assert_non_null(strstr(last_report, "before, srcu was wanted at synchronize_srcu() with "
			       "&kvm.slots_lock held since "));
	mutex_unlock(&kvm.slots_lock);
	srcu_read_unlock(&kvm.srcu, idx);

	spin_lock(&kvm.arch.tdp_mmu_pages_lock);
	read_lock(&kvm.mmu_lock);
	assert_reported("lockdep: order: &kvm.mmu_lock (made at ");
	assert_non_null(strstr(last_report, "with &kvm.arch.tdp_mmu_pages_lock (made at "));
	read_unlock(&kvm.mmu_lock);
	spin_unlock(&kvm.arch.tdp_mmu_pages_lock);
	cleanup_srcu_struct(&kvm.srcu);
}

#define LOCKDEP_TEST(f)	cmocka_unit_test_setup_teardown(f, setup, seam_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		LOCKDEP_TEST(order_is_kept),
		LOCKDEP_TEST(inversion_is_told),
		LOCKDEP_TEST(inversion_by_way_of_another),
		LOCKDEP_TEST(trylock_is_free),
		LOCKDEP_TEST(threads_learn_together),
		LOCKDEP_TEST(class_is_where_it_is_made),
		LOCKDEP_TEST(srcu_counts),
		LOCKDEP_TEST(kvm_has_an_order),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
