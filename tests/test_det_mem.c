/* SPDX-License-Identifier: GPL-2.0-only */

/*
 * Memory of the deterministic seam: whoever touches what is gone is told who freed it, and
 * two runs see the same addresses.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <linux/gfp.h>
#include <linux/mm.h>
#include <linux/poison.h>
#include <linux/slab.h>

#include "sim/alloc.h"
#include "sim/det/mem.h"
#include "sim/mem.h"
#include "tests/det_fixture.h"

static struct kmem_cache *cache, *small_cache;

static int mem_setup(void **state)
{
	if (sim_init())
		return -1;
	cache = kmem_cache_create("rabbit", 200, 64, 0, NULL);
	small_cache = kmem_cache_create("mouse", 8, 8, 0, NULL);
	return cache && small_cache ? 0 : -1;
}

static int mem_teardown(void **state)
{
	kmem_cache_destroy(cache);
	kmem_cache_destroy(small_cache);
	return det_teardown(state);
}

/* ---- What is gone ---- */

static char *victim;

static void free_victim(void *arg)
{
	kmem_cache_free(cache, victim);
}

static void free_page_victim(void *arg)
{
	free_page((unsigned long)victim);
}

static void read_victim(void *arg)
{
	READ_ONCE(victim[24]);
}

static void write_victim(void *arg)
{
	WRITE_ONCE(victim[24], 1);
}

static void main_of_object(void *arg)
{
	kmem_cache_free(small_cache, kmem_cache_alloc(small_cache, GFP_KERNEL));
	victim = kmem_cache_alloc(cache, GFP_KERNEL);
	RUN_TASKS(free_victim, *(void (**)(void *))arg);
}

static void main_of_page(void *arg)
{
	free_page(__get_free_page(GFP_KERNEL));
	victim = (char *)__get_free_page(GFP_KERNEL);
	RUN_TASKS(free_page_victim, *(void (**)(void *))arg);
}

static void use_after_free_tells_who(void **state)
{
	void (*fn)(void *) = read_victim;

	run_once(main_of_object, &fn);
	assert_failed("use after free: b touches rabbit #2 at offset 24, which a has freed");
	assert_string_equal(result.task_name, "b");
	run_once(main_of_page, &fn);
	assert_failed("use after free: b touches page #2 at offset 24, which a has freed");
	fn = write_victim;
	run_once(main_of_object, &fn);
	assert_failed("use after free: b touches rabbit #2");
	run_once(main_of_page, &fn);
	assert_failed("use after free: b touches page #2");
}

static void main_of_reuse(void *arg)
{
	unsigned int i;
	char *again;

	/* Freed memory is nobody else's as long as the run lasts. */
	victim = kmem_cache_alloc(cache, GFP_KERNEL);
	kmem_cache_free(cache, victim);
	CHECK(sim_det_mem_is_freed(victim) && sim_det_mem_is_freed(victim + 199));
	for (i = 0; i < 1000; i++) {
		again = kmem_cache_alloc(cache, GFP_KERNEL);
		CHECK(again != victim && !sim_det_mem_is_freed(again));
		kmem_cache_free(cache, again);
	}
	again = (char *)__get_free_page(GFP_KERNEL);
	free_page((unsigned long)again);
	for (i = 0; i < 1000; i++) {
		unsigned long page = __get_free_page(GFP_KERNEL);

		CHECK(page != (unsigned long)again);
		free_page(page);
	}
}

static void nothing_is_handed_out_twice(void **state)
{
	run_once(main_of_reuse, NULL);
	assert_passed();
}

/* ---- Wrong frees ---- */

static char not_ours[256] __attribute__((aligned(64)));

static void free_twice(void *arg)
{
	victim = kmem_cache_alloc(cache, GFP_KERNEL);
	kmem_cache_free(cache, victim);
	kmem_cache_free(cache, victim);
}

static void kfree_twice(void *arg)
{
	victim = kmalloc(10, GFP_KERNEL);
	kfree(victim);
	kfree(victim);
}

static void free_page_twice(void *arg)
{
	victim = (char *)__get_free_page(GFP_KERNEL);
	free_page((unsigned long)victim);
	free_page((unsigned long)victim);
}

static void free_foreign(void *arg)
{
	kmem_cache_free(cache, not_ours);
}

static void kfree_foreign(void *arg)
{
	kfree(not_ours);
}

static void kfree_page(void *arg)
{
	kfree((void *)__get_free_page(GFP_KERNEL));
}

static void free_page_foreign(void *arg)
{
	free_page((unsigned long)not_ours);
}

static void free_page_inside(void *arg)
{
	free_page(__get_free_page(GFP_KERNEL) + 64);
}

static void free_page_never_made(void *arg)
{
	free_page(__get_free_page(GFP_KERNEL) + PAGE_SIZE);
}

static void kfree_never_made(void *arg)
{
	kfree((char *)kmalloc(10, GFP_KERNEL) + 64);
}

static void kfree_inside(void *arg)
{
	kfree((char *)kmalloc(200, GFP_KERNEL) + 64);
}

static void kfree_inside_line(void *arg)
{
	kfree((char *)kmalloc(200, GFP_KERNEL) + 8);
}

static void free_to_other_cache(void *arg)
{
	kmem_cache_free(small_cache, kmem_cache_alloc(cache, GFP_KERNEL));
}

static void wrong_frees_are_told(void **state)
{
	static const struct {
		void (*fn)(void *arg);
		const char *report;
	} all[] = {
		{ free_twice, ": rabbit: an object is freed twice" },
		{ kfree_twice, ": kmalloc(): an object is freed twice" },
		{ free_page_twice, "free_page() of a page that is free already" },
		{ free_foreign, ": rabbit: a foreign address is freed" },
		{ kfree_foreign, ": kmalloc(): a foreign address is freed" },
		{ kfree_page, ": kmalloc(): a foreign address is freed" },
		{ free_page_foreign, "free_page() of an address that is no page" },
		{ free_page_inside, "free_page() of an address that is no page" },
		{ free_page_never_made, "free_page() of a page that is free already" },
		{ kfree_never_made, ": kmalloc(): a foreign address is freed" },
		{ kfree_inside, ": kmalloc(): an address inside of an object is freed" },
		{ kfree_inside_line, ": kmalloc(): an address inside of an object is freed" },
		{ free_to_other_cache, ": mouse: an object of rabbit is freed" },
	};
	unsigned int i;

	for (i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		run_once(all[i].fn, NULL);
		assert_failed(all[i].report);
	}
}

static void main_of_nothing_freed(void *arg)
{
	kfree(NULL);
	free_page(0);
	/* The kernel's kfree() takes what any cache has made. */
	kfree(kmem_cache_alloc(cache, GFP_KERNEL));
	CHECK(!sim_mem_objects_in_use() && !sim_mem_pages_in_use());
}

static void null_may_be_freed(void **state)
{
	run_once(main_of_nothing_freed, NULL);
	assert_passed();
}

/* ---- The same in every run ---- */

#define NR_ADDRESSES	60

static void *addresses[NR_ADDRESSES];

static void allocate_some(void *arg)
{
	static const size_t sizes[] = { 1, 64, 65, 200, 4096, 8 };
	unsigned int i;

	for (i = 0; i < NR_ADDRESSES / 2; i++) {
		addresses[2 * i] = i & 1 ? kmalloc(sizes[i % 6], GFP_KERNEL) :
					   kmem_cache_alloc(cache, GFP_KERNEL);
		addresses[2 * i + 1] = (void *)__get_free_page(GFP_KERNEL);
		CHECK(!((uintptr_t)addresses[2 * i] & 63));
		if (i % 3 == 0)
			free_page((unsigned long)addresses[2 * i + 1]);
	}
}

static void addresses_are_equal(void **state)
{
	void *before[NR_ADDRESSES];

	run_once(allocate_some, NULL);
	assert_passed();
	memcpy(before, addresses, sizeof(before));
	run_once(main_of_reuse, NULL);
	run_once(allocate_some, NULL);
	assert_memory_equal(before, addresses, sizeof(before));
}

static void main_of_contents(void *arg)
{
	char *p = kmalloc(100, GFP_KERNEL), *zero = kzalloc(100, GFP_KERNEL);
	char *page = (char *)__get_free_page(GFP_KERNEL);
	char *zero_page = (char *)get_zeroed_page(GFP_KERNEL);
	unsigned int i;

	for (i = 0; i < 100; i++)
		CHECK(p[i] == (char)POISON_INUSE && !zero[i]);
	for (i = 0; i < PAGE_SIZE; i++)
		CHECK(page[i] == (char)POISON_INUSE && !zero_page[i]);
	CHECK(kcalloc(3, 5, GFP_KERNEL) && !kcalloc(SIZE_MAX / 2, 3, GFP_KERNEL));
	memset(p, 1, 100);
	memset(zero, 1, 100);
	memset(page, 1, PAGE_SIZE);
	memset(zero_page, 1, PAGE_SIZE);
}

static void contents_are_equal(void **state)
{
	run_once(main_of_contents, NULL);
	assert_passed();
	run_once(main_of_contents, NULL);
	assert_passed();
}

static void main_of_names(void *arg)
{
	struct sim_det_memory memory;
	char *p = kmem_cache_alloc(cache, GFP_KERNEL), *q = kmem_cache_alloc(small_cache, GFP_KERNEL);
	char *page = (char *)__get_free_page(GFP_KERNEL);

	CHECK(sim_det_mem_lookup(p + 150, &memory));
	CHECK(!strcmp(memory.name, "rabbit") && memory.number == 1 && memory.offset == 150);
	CHECK(!memory.freed);
	CHECK(sim_det_mem_lookup(q, &memory));
	CHECK(!strcmp(memory.name, "mouse") && memory.number == 2 && memory.offset == 0);
	CHECK(sim_det_mem_lookup(page + 8, &memory));
	CHECK(!strcmp(memory.name, "page") && memory.number == 1 && memory.offset == 8);
	CHECK(!sim_det_mem_lookup(not_ours, &memory));
	CHECK(!sim_det_mem_lookup(page + PAGE_SIZE, &memory));
	CHECK(sim_det_mem_name(p) && sim_det_mem_name(p) != sim_det_mem_name(q));
	CHECK(!sim_det_mem_name(not_ours));
}

static void addresses_have_names(void **state)
{
	run_once(main_of_names, NULL);
	assert_passed();
	run_once(main_of_names, NULL);
	assert_passed();
}

/* ---- Counts ---- */

static int constructed;

static void construct(void *object)
{
	constructed++;
}

static void main_of_counts(void *arg)
{
	struct kmem_cache *own = kmem_cache_create("own", 24, 0, 0, construct);
	void *p[10];
	int i;

	constructed = 0;
	for (i = 0; i < 10; i++)
		p[i] = kmem_cache_alloc(own, GFP_KERNEL);
	CHECK(constructed == 10 && sim_mem_objects_in_use() == 10);
	for (i = 0; i < 9; i++)
		kmem_cache_free(own, p[i]);
	CHECK(sim_mem_objects_in_use() == 1);
	if (!arg)
		kmem_cache_free(own, p[9]);
	kmem_cache_destroy(own);
	CHECK(!sim_mem_objects_in_use());
}

static void caches_count(void **state)
{
	run_once(main_of_counts, NULL);
	assert_passed();
}

static void leave_some(void *arg)
{
	CHECK(kmem_cache_alloc(cache, GFP_KERNEL));
	CHECK(__get_free_page(GFP_KERNEL));
	sim_det_fail("given up");
}

static void destroy_used(void *arg)
{
	struct kmem_cache *own = *(struct kmem_cache **)arg;

	CHECK(kmem_cache_alloc(own, GFP_KERNEL));
	kmem_cache_destroy(own);
}

static void runs_given_up_leave_nothing(void **state)
{
	struct kmem_cache *own = kmem_cache_create("own", 24, 0, 0, NULL);

	run_once(leave_some, NULL);
	assert_failed("given up");
	run_once(main_of_nothing_freed, NULL);
	assert_passed();
	run_once(destroy_used, &own);
	assert_failed("own: 1 objects are in use and their cache is destroyed");
	/* The run stopped before it was destroyed, and what was in it is forgotten. */
	run_once(main_of_nothing_freed, NULL);
	kmem_cache_destroy(own);
	run_once(main_of_counts, NULL);
	assert_passed();
}

/* ---- Too little ---- */

static void *got[6];

static void allocate_six(void *arg)
{
	int i;

	for (i = 0; i < 6; i += 2) {
		got[i] = kmalloc(8, GFP_KERNEL);
		got[i + 1] = (void *)__get_free_page(GFP_KERNEL);
	}
}

static void main_of_nth(void *arg)
{
	sim_mem_fail_nth(*(unsigned long *)arg);
	allocate_six(NULL);
}

static void nth_allocation_fails(void **state)
{
	unsigned long n;
	unsigned int i;

	for (n = 0; n <= 6; n++) {
		run_once(main_of_nth, &n);
		assert_passed();
		for (i = 0; i < 6; i++)
			assert_int_equal(got[i] == NULL, i + 1 == n);
	}
	/* It is the run's: the next one has not asked for it. */
	n = 7;
	run_once(main_of_nth, &n);
	run_once(allocate_six, NULL);
	for (i = 0; i < 6; i++)
		assert_non_null(got[i]);
}

static unsigned int asked, fails_at;

static unsigned int pick_any(void *ctx, u32 ready, unsigned int running, bool forced)
{
	return (unsigned int)__builtin_ctz(ready);
}

static bool fail_one(void *ctx, enum sim_det_question question)
{
	return question == SIM_DET_FAIL_ALLOC && ++asked == fails_at;
}

static void main_of_questions(void *arg)
{
	/* Not asked before the schedule begins. */
	CHECK(kmalloc(8, GFP_KERNEL) && asked == 0);
	RUN_TASKS(allocate_six);
	CHECK(asked == 6);
}

static void allocations_fail_by_question(void **state)
{
	const struct sim_det_strategy strategy = { .pick = pick_any, .ask = fail_one };
	unsigned int i;

	for (fails_at = 0; fails_at <= 6; fails_at++) {
		asked = 0;
		run_config(&(struct sim_det_config) { .strategy = &strategy },
			   main_of_questions, NULL);
		assert_passed();
		for (i = 0; i < 6; i++)
			assert_int_equal(got[i] == NULL, i + 1 == fails_at);
	}
}

/* ---- Memory of the simulator's own ---- */

static void *own_memory;

static void main_of_own_memory(void *arg)
{
	char *p = sim_calloc(10, 100), *q = sim_calloc(1, 1);
	unsigned int i;

	CHECK(p && q && q >= p + 1000);
	for (i = 0; i < 1000; i++)
		CHECK(!p[i]);
	memset(p, 1, 1000);
	CHECK(!own_memory || own_memory == p);
	own_memory = p;
	CHECK(!sim_calloc(SIZE_MAX / 2, 3) && !sim_calloc(1, 1ul << 30));
	sim_free(p);
}

static void own_memory_is_equal(void **state)
{
	run_once(main_of_own_memory, NULL);
	assert_passed();
	run_once(main_of_own_memory, NULL);
	assert_passed();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(use_after_free_tells_who),
		cmocka_unit_test(nothing_is_handed_out_twice),
		cmocka_unit_test(wrong_frees_are_told),
		cmocka_unit_test(null_may_be_freed),
		cmocka_unit_test(addresses_are_equal),
		cmocka_unit_test(contents_are_equal),
		cmocka_unit_test(addresses_have_names),
		cmocka_unit_test(caches_count),
		cmocka_unit_test(runs_given_up_leave_nothing),
		cmocka_unit_test(nth_allocation_fails),
		cmocka_unit_test(allocations_fail_by_question),
		cmocka_unit_test(own_memory_is_equal),
	};

	return cmocka_run_group_tests(tests, mem_setup, mem_teardown);
}
