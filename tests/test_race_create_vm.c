/* SPDX-License-Identifier: GPL-2.0-only */

/*
 * KVM_CREATE_VM that fails late: the MMU has been set up, users_count is 1, and nobody holds
 * mmu_lock when it is taken down again.
 *
 *	creation: MMU set up; MMU notifiers refused; uninit: invalidate roots, of which
 *	there are none, and end the worker
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>

#include "tests/mmu_fixture.h"
#include "tests/mmu_trace_fixture.h"
#include "tests/race_fixture.h"

/* What the world saw when it was asked. */
static struct {
	unsigned int nr_asked, nr_unregistered;
	bool mmu_is_up;
	unsigned int users;
	bool locked;
	int answer;
} world;

static int asked_to_register(struct kvm *kvm)
{
	world.nr_asked++;
	world.mmu_is_up = kvm->arch.tdp_mmu_enabled;
	world.users = refcount_read(&kvm->users_count);
	world.locked = IS_ENABLED(CONFIG_PROVE_LOCKING) && lockdep_is_held(&kvm->mmu_lock);
	return world.answer;
}

static void asked_to_unregister(struct kvm *kvm)
{
	world.nr_unregistered++;
}

static struct sim_world_ops world_that_answers(int answer)
{
	struct sim_world_ops ops = mmu_world_ops;

	memset(&world, 0, sizeof(world));
	world.answer = answer;
	ops.mmu_notifier_register = asked_to_register;
	ops.mmu_notifier_unregister = asked_to_unregister;
	return ops;
}

static void *create(void *arg)
{
	struct kvm *kvm;

	sim_thread_init();
	kvm = kvm_create_vm(arg, NULL);
	sim_thread_exit();
	return kvm;
}

/* In a thread of its own, while this one waits: the VM, or NULL. */
static struct kvm *create_in_thread(struct sim_world_ops *ops)
{
	pthread_t thread;
	void *kvm;

	assert_int_equal(pthread_create(&thread, NULL, create, ops), 0);
	assert_int_equal(pthread_join(thread, &kvm), 0);
	return kvm;
}

static struct mmu_config config_at(const struct sim_profile *profile, unsigned int i)
{
	struct mmu_config config = mmu_config(profile->name, i & 1);

	config.cpu.levels = i & 2 ? 5 : 4;
	config.cpu.maxphyaddr = i & 2 ? 52 : 40;
	return config;
}

/* Only v1 takes a VM with users for one that others use. */
static unsigned int expected_reports(const struct sim_profile *profile)
{
	return IS_ENABLED(CONFIG_PROVE_LOCKING) && !strcmp(profile->name, "seed-v1");
}

static void creation_fails(const struct sim_profile *profile, int answer)
{
	unsigned long pages = sim_mem_pages_in_use(), objects = sim_mem_objects_in_use();
	struct sim_world_ops ops = world_that_answers(answer);
	struct kvm *kvm = NULL;
	unsigned long reports = reports_of(kvm = create_in_thread(&ops));

	assert_null(kvm);
	if (reports != expected_reports(profile))
		fail_msg("%s: %lu reports", profile->name, reports);
	assert_int_equal(world.nr_asked, 1);
	assert_true(world.mmu_is_up);
	assert_int_equal(world.users, 1);
	assert_false(world.locked);
	/* Who was refused has nothing to take back. */
	assert_int_equal(world.nr_unregistered, 0);
	assert_true(list_empty(&vm_list));
	assert_int_equal(sim_rcu_callbacks_pending(), 0);
	assert_int_equal(sim_mem_pages_in_use(), pages);
	assert_int_equal(sim_mem_objects_in_use(), objects);
}

static void creation_succeeds(void)
{
	struct sim_world_ops ops = world_that_answers(0);
	struct kvm *kvm = create_in_thread(&ops);

	assert_non_null(kvm);
	assert_int_equal(world.nr_asked, 1);
	kvm_put_kvm(kvm);
	assert_int_equal(world.nr_unregistered, 1);
}

static void test_creation_that_fails_late(void **state)
{
	const struct sim_profile *profile;
	unsigned int i, n;

	for (n = 0; (profile = sim_profile_at(n)); n++) {
		for (i = 0; i < 4; i++) {
			const struct mmu_config config = config_at(profile, i);

			mmu_load(&config);
			creation_fails(profile, -EINTR);
			creation_fails(profile, -ENOMEM);
			creation_succeeds();
		}
	}
}

/* The words of the splat, and that it names what is held: nothing. */
static char splat[256];

static void keep_splat(enum sim_report_kind kind, const char *file, int line, const char *msg)
{
	snprintf(splat, sizeof(splat), "%s", msg);
}

static void test_the_splat_of_v1(void **state)
{
	struct sim_world_ops ops = world_that_answers(-EINTR);
	const struct mmu_config config = mmu_config("seed-v1", true);
	unsigned long warns = sim_warn_count();

	if (!IS_ENABLED(CONFIG_PROVE_LOCKING))
		skip();
	mmu_load(&config);
	sim_set_report_handler(keep_splat);
	assert_null(create_in_thread(&ops));
	sim_set_report_handler(NULL);
	mmu_expected_warns(sim_warn_count() - warns);
	assert_string_equal(splat, "lockdep: &kvm->mmu_lock is not held for writing; "
			    "this thread holds nothing");
}

/*
 * The other side of the same assertion: roots that are in use are invalidated without the
 * lock.  v2 has no assertion any more, and says nothing: the review's objection to it.
 */
static void test_who_notices_a_missing_lock(void **state)
{
	const struct sim_profile *profile;
	unsigned int n;

	for (n = 0; (profile = sim_profile_at(n)); n++) {
		const struct mmu_config config = mmu_config(profile->name, true);
		unsigned int expected = IS_ENABLED(CONFIG_PROVE_LOCKING) &&
					strcmp(profile->name, "seed-v2");
		struct mmu_vm *vm;

		mmu_load(&config);
		vm = mmu_vm_create();
		assert_int_equal(reports_of(kvm_tdp_mmu_invalidate_all_roots(vm->kvm)), expected);
		mmu_vm_destroy(vm);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_creation_that_fails_late),
		cmocka_unit_test(test_the_splat_of_v1),
		cmocka_unit_test(test_who_notices_a_missing_lock),
	};

	return MMU_RUN_TESTS(tests);
}
