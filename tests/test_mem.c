/* SPDX-License-Identifier: GPL-2.0-only */

/*
 * Simulated physical memory: the direct map's arithmetic, pages, objects, poison, quarantine.
 * Facts: Documentation/arch/x86/x86_64/mm.rst (direct map, vmemmap), and what sim/mem.h promises.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include <sanitizer/asan_interface.h>

#include <linux/kconfig.h>
#include <linux/poison.h>
#include <linux/slab.h>

#include "sim/mem.h"
#include "sim/report.h"
#include "sim/sim.h"
#include "sim/thread.h"

#if defined(__SANITIZE_ADDRESS__)
#define WITH_ASAN	1
#define NO_ASAN		__attribute__((no_sanitize_address))
#else
#define WITH_ASAN	0
#define NO_ASAN
#endif

static unsigned long warned;
static char last_warning[256];

static void keep_warning(enum sim_report_kind kind, const char *file, int line, const char *msg)
{
	(void)file, (void)line;
	if (kind != SIM_REPORT_WARN)
		return;
	warned++;
	snprintf(last_warning, sizeof(last_warning), "%s", msg);
}

static int setup(void **state)
{
	(void)state;
	warned = 0;
	last_warning[0] = '\0';
	sim_set_report_handler(keep_warning);
	return sim_init();
}

static int teardown(void **state)
{
	unsigned long leaks;

	(void)state;
	sim_mem_fail_nth(0);
	sim_mem_set_quarantine(IS_ENABLED(CONFIG_PAGE_POISONING) ? 64 : 0);
	leaks = sim_exit();
	sim_set_report_handler(NULL);
	return leaks ? -1 : 0;
}

/* What a program with a stale pointer does; the sanitizer must not stop the test for it. */
NO_ASAN static void scribble(unsigned char *p, unsigned char value)
{
	*(volatile unsigned char *)p = value;
}

NO_ASAN static unsigned char peek(const unsigned char *p)
{
	return *(const volatile unsigned char *)p;
}

static void direct_map_is_arithmetic(void **state)
{
	unsigned long addr = __get_free_page(GFP_KERNEL);
	unsigned long pa;
	struct page *page;

	(void)state;
	assert_int_not_equal(addr, 0);
	pa = __pa(addr);
	page = virt_to_page((void *)addr);

	assert_true(pa >= 48ULL << 30 && pa < 64ULL << 30);
	assert_ptr_equal(__va(pa), (void *)addr);
	assert_int_equal(page_to_pfn(page), pa / 4096);
	assert_ptr_equal(pfn_to_page(pa / 4096), page);
	assert_ptr_equal(page_address(page), (void *)addr);
	assert_ptr_equal(page_to_virt(page), (void *)addr);
	assert_int_equal(page_to_phys(page), pa);

	/* Any byte of the page leads to the same struct page, the next byte to the next one. */
	assert_ptr_equal(virt_to_page((char *)addr + 4095), page);
	assert_ptr_equal(virt_to_page((char *)addr + 4096), page + 1);

	assert_true(sim_mem_contains((void *)addr));
	assert_false(sim_mem_contains(&pa));
	free_page(addr);
}

static void window_ends_are_where_the_header_says(void **state)
{
	(void)state;
	assert_true(sim_mem_contains(__va(SIM_MEM_BASE)));
	assert_false(sim_mem_contains((char *)__va(SIM_MEM_BASE) - 1));
	assert_true(sim_mem_contains((char *)__va(SIM_MEM_END) - 1));
	assert_false(sim_mem_contains(__va(SIM_MEM_END)));

	/* Their struct pages exist, too. */
	virt_to_page(__va(SIM_MEM_BASE))->private = 1;
	virt_to_page((char *)__va(SIM_MEM_END) - 1)->private = 1;
	virt_to_page(__va(SIM_MEM_BASE))->private = 0;
	virt_to_page((char *)__va(SIM_MEM_END) - 1)->private = 0;
}

static void private_belongs_to_one_page(void **state)
{
	unsigned long a = get_zeroed_page(GFP_KERNEL), b = get_zeroed_page(GFP_KERNEL);

	(void)state;
	assert_int_equal(page_private(virt_to_page((void *)a)), 0);
	set_page_private(virt_to_page((void *)a), 0x1234);
	set_page_private(virt_to_page((void *)b), 0x5678);
	assert_int_equal(page_private(virt_to_page((char *)a + 8)), 0x1234);
	assert_int_equal(page_private(virt_to_page((char *)b + 4088)), 0x5678);

	free_page(a);
	assert_int_equal(page_private(virt_to_page((void *)a)), 0);
	free_page(b);
}

static void pages_are_aligned_distinct_and_counted(void **state)
{
	enum { N = 700 };	/* more than one page table full of page tables */
	static unsigned long pages[N];
	unsigned long before = sim_mem_pages_in_use();
	int i;

	(void)state;
	for (i = 0; i < N; i++) {
		pages[i] = get_zeroed_page(GFP_KERNEL_ACCOUNT);
		assert_int_not_equal(pages[i], 0);
		assert_int_equal(pages[i] % 4096, 0);
		set_page_private(virt_to_page((void *)pages[i]), (unsigned long)i);
		((unsigned long *)pages[i])[511] = (unsigned long)i;
	}
	assert_int_equal(sim_mem_pages_in_use(), before + N);

	/* Had two been the same, the later one would have overwritten the earlier one. */
	for (i = 0; i < N; i++) {
		assert_int_equal(page_private(virt_to_page((void *)pages[i])), i);
		assert_int_equal(((unsigned long *)pages[i])[511], i);
		free_page(pages[i]);
	}
	assert_int_equal(sim_mem_pages_in_use(), before);
	assert_int_equal(warned, 0);
}

static void zeroed_means_zeroed_also_when_reused(void **state)
{
	static const unsigned char zero[4096];
	int i;

	(void)state;
	sim_mem_set_quarantine(0);
	for (i = 0; i < 100; i++) {
		unsigned long addr = get_zeroed_page(GFP_KERNEL);

		assert_memory_equal((void *)addr, zero, 4096);
		memset((void *)addr, 0xff, 4096);
		free_page(addr);
	}
	free_page(0);
	assert_int_equal(warned, 0);
}

static void pages_and_objects_do_not_share_memory(void **state)
{
	enum { N = 16 };
	unsigned long pages[N];
	void *objects[N];
	int i, j;

	(void)state;
	/* Nothing waits, so what is freed is what the next allocation of its kind gets. */
	sim_mem_set_quarantine(0);
	for (i = 0; i < N; i++)
		objects[i] = kmalloc(4096, GFP_KERNEL);
	for (i = 0; i < N; i++)
		kfree(objects[i]);
	for (i = 0; i < N; i++) {
		pages[i] = get_zeroed_page(GFP_KERNEL);
		for (j = 0; j < N; j++)
			assert_ptr_not_equal((void *)pages[i], objects[j]);
	}
	for (i = 0; i < N; i++)
		free_page(pages[i]);
	assert_int_equal(warned, 0);
}

static void the_chosen_allocation_fails_once(void **state)
{
	struct kmem_cache *cache = kmem_cache_create("victims", 40, 0, 0, NULL);
	unsigned long page;
	void *object;

	(void)state;
	sim_mem_fail_nth(1);
	assert_int_equal(get_zeroed_page(GFP_KERNEL), 0);
	page = get_zeroed_page(GFP_KERNEL);
	assert_int_not_equal(page, 0);
	free_page(page);

	/* Pages and objects count together: the third fails, whatever it is. */
	sim_mem_fail_nth(3);
	page = get_zeroed_page(GFP_KERNEL);
	object = kmem_cache_alloc(cache, GFP_KERNEL);
	assert_int_not_equal(page, 0);
	assert_non_null(object);
	assert_null(kmem_cache_zalloc(cache, GFP_KERNEL));
	kmem_cache_free(cache, object);
	free_page(page);

	sim_mem_fail_nth(1);
	assert_null(kzalloc(8, GFP_KERNEL));

	/* None, if it is taken back in time. */
	sim_mem_fail_nth(1);
	sim_mem_fail_nth(0);
	object = kmalloc(8, GFP_KERNEL);
	assert_non_null(object);
	kfree(object);

	assert_int_equal(sim_mem_pages_in_use(), 0);
	assert_int_equal(sim_mem_objects_in_use(), 0);
	kmem_cache_destroy(cache);
	assert_int_equal(warned, 0);
}

struct other_thread {
	bool got_page;
};

static void *allocate_elsewhere(void *arg)
{
	struct other_thread *other = arg;
	unsigned long page;

	sim_thread_init();
	page = get_zeroed_page(GFP_KERNEL);
	other->got_page = page != 0;
	free_page(page);
	sim_thread_exit();
	return NULL;
}

static void failure_is_of_one_thread(void **state)
{
	struct other_thread other = { false };
	pthread_t thread;

	(void)state;
	sim_mem_fail_nth(1);
	assert_int_equal(pthread_create(&thread, NULL, allocate_elsewhere, &other), 0);
	pthread_join(thread, NULL);
	assert_true(other.got_page);
	assert_int_equal(get_zeroed_page(GFP_KERNEL), 0);
}

static void *allocate_unregistered(void *arg)
{
	*(unsigned long *)arg = get_zeroed_page(GFP_KERNEL);
	return NULL;
}

static void page_of_a_dead_thread_lives_on(void **state)
{
	unsigned long page = 0;
	pthread_t thread;

	(void)state;
	assert_int_equal(pthread_create(&thread, NULL, allocate_unregistered, &page), 0);
	pthread_join(thread, NULL);
	assert_int_not_equal(page, 0);
	assert_int_equal(*(unsigned long *)page, 0);
	free_page(page);
	assert_int_equal(warned, 0);
}

static void freed_pages_are_poisoned(void **state)
{
	unsigned long addr;
	unsigned char *p;

	(void)state;
	if (!IS_ENABLED(CONFIG_PAGE_POISONING))
		skip();
	addr = get_zeroed_page(GFP_KERNEL);
	p = (unsigned char *)addr;
	if (WITH_ASAN)
		assert_false(__asan_address_is_poisoned(p));
	free_page(addr);
	if (WITH_ASAN) {
		assert_true(__asan_address_is_poisoned(p));
		assert_true(__asan_address_is_poisoned(p + 4095));
	}
	assert_int_equal(peek(p), POISON_FREE);
	assert_int_equal(peek(p + 2048), POISON_FREE);
	assert_int_equal(peek(p + 4095), POISON_FREE);
}

static void write_after_free_is_reported(void **state)
{
	struct kmem_cache *cache;
	unsigned char *object;
	unsigned long addr;

	(void)state;
	if (!IS_ENABLED(CONFIG_PAGE_POISONING))
		skip();
	addr = get_zeroed_page(GFP_KERNEL);
	cache = kmem_cache_create("headers", 200, 0, 0, NULL);
	object = kmem_cache_zalloc(cache, GFP_KERNEL);

	free_page(addr);
	scribble((unsigned char *)addr + 4095, 0x83);
	assert_int_equal(warned, 0);
	sim_mem_set_quarantine(0);
	assert_int_equal(warned, 1);
	assert_non_null(strstr(last_warning, "written after free"));
	assert_non_null(strstr(last_warning, "byte 4095"));
	assert_non_null(strstr(last_warning, "0x83"));

	/* The report about an object names its cache, which may be gone by then. */
	sim_mem_set_quarantine(64);
	kmem_cache_free(cache, object);
	scribble(object, 0);
	kmem_cache_destroy(cache);
	sim_mem_set_quarantine(0);
	assert_int_equal(warned, 2);
	assert_non_null(strstr(last_warning, "headers was written after free: byte 0 "));
}

/*
 * With room for two, the first page leaves when the third comes:
 *
 *   free a       free b       free c
 *   [a]          [a b]        a <- [b c]
 */
static void quarantine_is_first_in_first_out(void **state)
{
	unsigned long a, b, c, d;

	(void)state;
	if (!IS_ENABLED(CONFIG_PAGE_POISONING))
		skip();
	sim_mem_set_quarantine(2);
	a = get_zeroed_page(GFP_KERNEL);
	b = get_zeroed_page(GFP_KERNEL);
	c = get_zeroed_page(GFP_KERNEL);
	free_page(a);
	free_page(b);

	/* Neither is handed out while it waits. */
	d = get_zeroed_page(GFP_KERNEL);
	assert_int_not_equal(d, a);
	assert_int_not_equal(d, b);

	/* The write is found exactly when its page leaves: not with b, which is younger. */
	scribble((unsigned char *)a, 1);
	scribble((unsigned char *)b + 7, 1);
	assert_int_equal(warned, 0);
	free_page(c);
	assert_int_equal(warned, 1);
	assert_non_null(strstr(last_warning, "byte 0 "));
	free_page(d);
	assert_int_equal(warned, 2);
	assert_non_null(strstr(last_warning, "byte 7 "));

	sim_mem_set_quarantine(0);
	assert_int_equal(warned, 2);
}

static void double_free_is_reported_and_harmless(void **state)
{
	unsigned long addr = get_zeroed_page(GFP_KERNEL);

	(void)state;
	free_page(addr);
	free_page(addr);
	assert_int_equal(warned, 1);
	assert_int_equal(sim_mem_pages_in_use(), 0);

	free_page(addr + 8);
	assert_int_equal(warned, 2);
	free_page((unsigned long)&addr & PAGE_MASK);
	assert_int_equal(warned, 3);
	assert_int_equal(sim_mem_pages_in_use(), 0);
}

static void object_freed_twice_is_reported(void **state)
{
	struct kmem_cache *cache = kmem_cache_create("twice", 96, 0, 0, NULL);
	void *object = kmem_cache_zalloc(cache, GFP_KERNEL);

	(void)state;
	kmem_cache_free(cache, object);
	if (IS_ENABLED(CONFIG_PAGE_POISONING)) {
		kmem_cache_free(cache, object);
		assert_int_equal(warned, 1);
		assert_non_null(strstr(last_warning, "twice: "));
	}
	assert_int_equal(sim_mem_objects_in_use(), 0);
	kmem_cache_destroy(cache);
}

/* What an object holds is its user's: also the poison's own byte, right at its start. */
static void object_may_look_like_poison(void **state)
{
	unsigned char *object = kzalloc(136, GFP_KERNEL);

	(void)state;
	object[0] = POISON_FREE;
	kfree(object);
	assert_int_equal(warned, 0);
	assert_int_equal(sim_mem_objects_in_use(), 0);
}

static int constructed;

static void construct(void *object)
{
	constructed++;
	memset(object, 0x3c, 40);
}

static void objects_have_size_alignment_and_constructor(void **state)
{
	struct kmem_cache *plain, *line, *built;
	unsigned char *p, *q, *r;

	(void)state;
	plain = kmem_cache_create("plain", 200, 0, 0, NULL);
	line = kmem_cache_create("line", 72, 0, SLAB_HWCACHE_ALIGN, NULL);
	built = kmem_cache_create("built", 40, 16, 0, construct);
	constructed = 0;

	p = kmem_cache_alloc(plain, GFP_KERNEL);
	q = kmem_cache_zalloc(line, GFP_KERNEL);
	r = kmem_cache_alloc(built, GFP_KERNEL);
	assert_int_equal(sim_mem_objects_in_use(), 3);
	assert_int_equal((uintptr_t)p % sizeof(void *), 0);
	assert_int_equal((uintptr_t)q % 64, 0);
	assert_int_equal((uintptr_t)r % 16, 0);
	memset(p, 1, 200);
	assert_int_equal(q[0] | q[71], 0);
	assert_int_equal(r[39], 0x3c);
	assert_int_equal(constructed, 1);

	/* Objects lie in the direct map, as the kernel's do. */
	assert_true(sim_mem_contains(p));
	/* What was not asked for may not be touched: 200 is no size class, so there is more. */
	if (WITH_ASAN) {
		assert_false(__asan_address_is_poisoned(p + 199));
		assert_true(__asan_address_is_poisoned(p + 200));
	}

	kmem_cache_free(plain, p);
	kmem_cache_free(line, q);
	kmem_cache_free(built, r);
	assert_int_equal(sim_mem_objects_in_use(), 0);
	kmem_cache_destroy(plain);
	kmem_cache_destroy(line);
	kmem_cache_destroy(built);
	kmem_cache_destroy(NULL);
	assert_int_equal(warned, 0);
}

static void cache_with_objects_is_not_destroyed_in_silence(void **state)
{
	struct kmem_cache *cache = kmem_cache_create("leaky", 64, 0, 0, NULL);
	void *object = kmem_cache_alloc(cache, GFP_KERNEL);

	(void)state;
	kmem_cache_destroy(cache);
	assert_int_equal(warned, 1);
	assert_non_null(strstr(last_warning, "leaky: 1 object"));
	assert_int_equal(sim_mem_objects_in_use(), 1);
	kfree(object);
	assert_int_equal(sim_mem_objects_in_use(), 0);
}

static void kmalloc_serves_all_sizes(void **state)
{
	static const size_t sizes[] = { 1, 8, 24, 4096, 100000, 8 << 20 };
	unsigned char *p;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		p = kzalloc(sizes[i], GFP_KERNEL);
		assert_non_null(p);
		assert_int_equal(p[0] | p[sizes[i] - 1], 0);
		memset(p, 0xee, sizes[i]);
		kfree(p);
	}
	assert_null(kcalloc(SIZE_MAX / 2, 3, GFP_KERNEL));

	p = kvcalloc(100, 12, GFP_KERNEL_ACCOUNT);
	assert_int_equal(p[0] | p[1199], 0);
	kvfree(p);
	kfree(NULL);
	assert_int_equal(sim_mem_objects_in_use(), 0);
	assert_int_equal(warned, 0);
}

static void leaks_are_counted_at_the_last_exit(void **state)
{
	unsigned long page;
	void *object;

	(void)state;
	/* The group's own sim_init() is still open: only the last exit counts. */
	page = get_zeroed_page(GFP_KERNEL);
	object = kmalloc(10, GFP_KERNEL);
	assert_int_equal(sim_init(), 0);
	assert_int_equal(sim_exit(), 0);
	assert_int_equal(sim_exit(), 2);

	assert_int_equal(sim_init(), 0);
	/* The window has stayed where it was. */
	free_page(page);
	kfree(object);
	assert_int_equal(sim_mem_pages_in_use() + sim_mem_objects_in_use(), 0);
	assert_int_equal(warned, 0);
}

int main(void)
{
#define MEM_TEST(f)	cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		MEM_TEST(direct_map_is_arithmetic),
		MEM_TEST(window_ends_are_where_the_header_says),
		MEM_TEST(private_belongs_to_one_page),
		MEM_TEST(pages_are_aligned_distinct_and_counted),
		MEM_TEST(zeroed_means_zeroed_also_when_reused),
		MEM_TEST(pages_and_objects_do_not_share_memory),
		MEM_TEST(the_chosen_allocation_fails_once),
		MEM_TEST(failure_is_of_one_thread),
		MEM_TEST(page_of_a_dead_thread_lives_on),
		MEM_TEST(freed_pages_are_poisoned),
		MEM_TEST(write_after_free_is_reported),
		MEM_TEST(quarantine_is_first_in_first_out),
		MEM_TEST(double_free_is_reported_and_harmless),
		MEM_TEST(object_freed_twice_is_reported),
		MEM_TEST(object_may_look_like_poison),
		MEM_TEST(objects_have_size_alignment_and_constructor),
		MEM_TEST(cache_with_objects_is_not_destroyed_in_silence),
		MEM_TEST(kmalloc_serves_all_sizes),
		MEM_TEST(leaks_are_counted_at_the_last_exit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
