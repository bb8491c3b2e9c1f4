/* SPDX-License-Identifier: GPL-2.0-only */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <errno.h>
#include <string.h>
#include <cmocka.h>
#include <linux/kernel.h>

#include "mmu/tdp_mmu.h"
#include "sim/sim.h"
#include "sim/stress.h"

/*
 * Real threads, for a moment each: that sound designs are found clean, that an unsound one
 * is not, and that nothing is left behind.  Longer runs are "tdpsim stress".
 */

/* A few short-lived VMs, and each kind of check several times. */
#define SECONDS		0.15

static struct sim_stress_config config_of(const char *profile, bool ept, int levels)
{
	struct sim_stress_config config;

	sim_stress_config_init(&config);
	config.machine.profile = sim_profile_find(profile);
	assert_non_null(config.machine.profile);
	config.machine.cpu.intel = ept;
	config.machine.cpu.levels = levels;
	config.machine.cpu.maxphyaddr = levels == 5 ? 52 : 40;
	config.seconds = SECONDS;
	return config;
}

static struct sim_stress_result run(const struct sim_stress_config *config)
{
	struct sim_stress_result result;

	assert_int_equal(sim_init(), 0);
	assert_int_equal(sim_stress_run(config, &result), 0);
	kvm_mmu_module_exit();
	assert_int_equal(sim_exit(), 0);
	return result;
}

static void assert_clean(const struct sim_stress_config *config)
{
	struct sim_stress_result result = run(config);

	if (result.nr_found)
		fail_msg("%s %s with %d levels: found %llu, the first: %s",
			 config->machine.profile->name, config->machine.cpu.intel ? "EPT" : "NPT",
			 config->machine.cpu.levels, (unsigned long long)result.nr_found,
			 result.first);
	/* Something did happen, and somebody looked. */
	assert_true(result.nr_accesses > 0);
	assert_true(result.nr_faults > 0);
	assert_true(result.nr_judged > 0);
	assert_true(result.nr_judged < result.nr_accesses);
	assert_true(result.nr_vms > 0);
}

/* All that is merged or was found correct in review; seed-v1 was not. */
static const char *const sound_profiles[] = {
	"v5.18", "seed-v2", "seed-opt1", "seed-opt2", "v6.4", "v6.1", "v6.12",
};

static void test_sound_profiles_with_ept(void **state)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(sound_profiles); i++) {
		struct sim_stress_config config = config_of(sound_profiles[i], true,
							    i % 2 ? 5 : 4);

		config.mix = i % SIM_STRESS_NR_MIXES;
		config.seed = 100 + i;
		assert_clean(&config);
	}
}

static void test_sound_profiles_with_npt(void **state)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(sound_profiles); i++) {
		struct sim_stress_config config = config_of(sound_profiles[i], false,
							    i % 2 ? 4 : 5);

		config.mix = (i + 2) % SIM_STRESS_NR_MIXES;
		config.seed = 200 + i;
		assert_clean(&config);
	}
}

/* Both of one process: each of the host's invalidations is for both. */
static void test_two_vms(void **state)
{
	struct sim_stress_config config = config_of("v6.12", true, 4);

	config.vms = 2;
	config.vcpus = 2;
	assert_clean(&config);
}

/* Access tracking without A bits, logging without PML. */
static void test_without_ad_bits(void **state)
{
	struct sim_stress_config config = config_of("v6.1", true, 4);

	config.machine.params.eptad = false;
	assert_clean(&config);
}

/* ---- What is broken is found ---- */

static const struct sim_root_lifecycle *sound;

/* "Nobody will ever look there again." */
static void forget_invalidated_roots(struct kvm *kvm)
{
	/* At the end all must go, or this process could not go on. */
	if (!refcount_read(&kvm->users_count))
		sound->zap_invalidated_roots(kvm);
}

/*
 * Roots that are invalidated and not zapped keep the TDP MMU's reference, and what they
 * map: invariants 2 and 4 of a root's life.
 */
static void test_roots_that_are_not_zapped_are_found(void **state)
{
	struct sim_stress_config config = config_of("v6.12", true, 4);
	struct sim_profile profile = *config.machine.profile;
	struct sim_root_lifecycle broken = *profile.roots;
	struct sim_stress_result result;

	sound = profile.roots;
	broken.zap_invalidated_roots = forget_invalidated_roots;
	profile.roots = &broken;
	config.machine.profile = &profile;
	config.mix = SIM_STRESS_SLOTS;
	/* It takes a slot that goes, and then a look at a VM that is still there. */
	config.seconds = 0.5;

	result = run(&config);
	assert_true(result.nr_found > 0);
	assert_non_null(strstr(result.first, "VM 0: "));
	assert_non_null(strstr(result.first, "invalid"));
}

/* ---- Configurations ---- */

static void test_bad_configurations(void **state)
{
	const struct sim_stress_config good = config_of("v6.12", true, 4);
	struct sim_stress_config bad[7] = { good, good, good, good, good, good, good };
	struct sim_stress_result result;
	size_t i;

	bad[0].vcpus = 0;
	bad[1].vcpus = SIM_STRESS_MAX_VCPUS + 1;
	bad[2].vms = 0;
	bad[3].vms = SIM_STRESS_MAX_VMS + 1;
	bad[4].mix = SIM_STRESS_NR_MIXES;
	bad[5].machine.cpu.levels = 3;
	bad[6].patience = 0;
	assert_int_equal(sim_init(), 0);
	for (i = 0; i < ARRAY_SIZE(bad); i++)
		assert_int_equal(sim_stress_run(&bad[i], &result), -EINVAL);
	kvm_mmu_module_exit();
	assert_int_equal(sim_exit(), 0);
}

static void test_mixes_have_names(void **state)
{
	assert_string_equal(sim_stress_mix_name(SIM_STRESS_ALL), "all");
	assert_string_equal(sim_stress_mix_name(SIM_STRESS_ROOTS), "roots");
	assert_null(sim_stress_mix_name(SIM_STRESS_NR_MIXES));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sound_profiles_with_ept),
		cmocka_unit_test(test_sound_profiles_with_npt),
		cmocka_unit_test(test_two_vms),
		cmocka_unit_test(test_without_ad_bits),
		cmocka_unit_test(test_roots_that_are_not_zapped_are_found),
		cmocka_unit_test(test_bad_configurations),
		cmocka_unit_test(test_mixes_have_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
