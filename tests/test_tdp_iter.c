/* SPDX-License-Identifier: GPL-2.0-only */
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "tests/mmu_fixture.h"
#include "mmu/tdp_mmu_internal.h"

/*
 * Walks, over tables that are built here entry by entry.  An entry of level n spans
 * 512^(n-1) gfns:
 *
 *	level	5	 4	  3	  2	 1
 *	gfns	2^36	 2^27	  2^18	  2^9	 1
 */

#define MAX_TABLES	64
#define MAX_VISITS	40000

#define SPAN(level)	(UINT64_C(1) << (9 * ((level) - 1)))

#define TABLE_BITS	0x907
#define LEAF_4K		(UINT64_C(0x0600000000000b77) | UINT64_C(0x123456000))
#define LEAF_HUGE	(UINT64_C(0x0600000000000bf7) | UINT64_C(0x1240000000))
#define MMIO		UINT64_C(0xfee00086)
#define MMIO_BIT7_CLEAR	UINT64_C(0x6)
#define FROZEN		UINT64_C(0x5a0)

struct visit {
	int level;
	gfn_t gfn;
};

struct visits {
	unsigned int nr;
	struct visit v[MAX_VISITS];
};

static struct kvm_mmu_page root;
static u64 *tables[MAX_TABLES];
static unsigned int nr_tables;
static struct mmu_vm *vm;
static struct visits got, want;

/* ---- Tables ---- */

/* From a stock: some are made where nothing may be allocated. */
static u64 *new_table(void)
{
	assert_true(nr_tables < MAX_TABLES);
	return memset(tables[nr_tables++], 0, PAGE_SIZE);
}

static u64 table_entry(const u64 *table)
{
	return __pa(table) | TABLE_BITS;
}

static void new_root(int level)
{
	nr_tables = 0;
	memset(&root, 0, sizeof(root));
	root.role.level = level;
	root.spt = new_table();
}

/* The entry of a gfn at a level, with all tables above it. */
static u64 *entry(gfn_t gfn, int level)
{
	u64 *table = root.spt, *e;

	for (int at = root.role.level; ; at--) {
		e = &table[gfn / SPAN(at) % 512];
		if (at == level)
			return e;
		if ((*e & 0x880) != 0x800)
			*e = table_entry(new_table());
		table = __va(*e & UINT64_C(0x000ffffffffff000));
	}
}

/*
 * A bit of everything.  Below 1 GiB of a root with four levels:
 *
 *	gfn 0x00000	table of leaves, of an MMIO entry, of holes
 *	gfn 0x00200	huge page of 2 MiB
 *	gfn 0x00400	nothing
 *	gfn 0x00600	frozen
 *	gfn 0x00800	empty table
 *	gfn 0x3fe00	table whose last entry is a leaf
 *	gfn 0x40000	huge page of 1 GiB
 *	gfn 0x80000	table that leads to nothing but an MMIO entry
 *
 * and the very last entry of every level.
 */
static void build(int root_level)
{
	gfn_t top;

	new_root(root_level);
	top = SPAN(root_level) * 512 - 1;
	*entry(0, 1) = LEAF_4K;
	*entry(1, 1) = LEAF_4K;
	*entry(5, 1) = MMIO;
	*entry(0x1ff, 1) = LEAF_4K;
	*entry(0x200, 2) = LEAF_HUGE;
	*entry(0x600, 2) = FROZEN;
	*entry(0x800, 1) = 0;
	*entry(0x3ffff, 1) = LEAF_4K;
	*entry(0x40000, 3) = LEAF_HUGE;
	*entry(0x80007, 1) = MMIO_BIT7_CLEAR;
	*entry(top, 1) = LEAF_4K;
}

static int setup(void **state)
{
	struct mmu_config config = mmu_config("v6.4", true);
	int ret = mmu_group_setup(state);

	if (ret)
		return ret;
	for (unsigned int i = 0; i < MAX_TABLES; i++) {
		tables[i] = (u64 *)get_zeroed_page(GFP_KERNEL_ACCOUNT);
		assert_non_null(tables[i]);
	}
	mmu_load(&config);
	vm = mmu_vm_create();
	return 0;
}

static int teardown(void **state)
{
	for (unsigned int i = 0; i < MAX_TABLES; i++)
		free_page((unsigned long)tables[i]);
	mmu_vm_destroy(vm);
	return mmu_group_teardown(state);
}

/* ---- Which entries a walk has to visit ---- */

static void add(struct visits *visits, int level, gfn_t gfn)
{
	assert_true(visits->nr < MAX_VISITS);
	visits->v[visits->nr++] = (struct visit) { level, gfn };
}

/* Parents first, in order of gfn: every entry that overlaps [start, end). */
static void overlapping(struct visits *visits, const u64 *table, int level, gfn_t base,
			int min_level, gfn_t start, gfn_t end)
{
	for (unsigned int i = 0; i < 512; i++) {
		gfn_t gfn = base + i * SPAN(level);

		if (gfn >= end || gfn + SPAN(level) <= start)
			continue;
		add(visits, level, gfn);
		if (level > min_level && (table[i] & 0x880) == 0x800)
			overlapping(visits, __va(table[i] & UINT64_C(0x000ffffffffff000)),
				    level - 1, gfn, min_level, start, end);
	}
}

static void expect(int min_level, gfn_t start, gfn_t end)
{
	want.nr = 0;
	overlapping(&want, root.spt, root.role.level, 0, min_level, start, end);
}

static void same_visits(void)
{
	for (unsigned int i = 0; i < got.nr && i < want.nr; i++)
		if (got.v[i].level != want.v[i].level || got.v[i].gfn != want.v[i].gfn)
			fail_msg("visit %u: level %d gfn 0x%llx instead of level %d gfn 0x%llx",
				 i, got.v[i].level, (unsigned long long)got.v[i].gfn,
				 want.v[i].level, (unsigned long long)want.v[i].gfn);
	assert_int_equal(got.nr, want.nr);
}

/* ---- Walks that are not interrupted ---- */

/* What the iterator says of an entry has to agree with the entry. */
static void check_position(const struct tdp_iter *iter)
{
	const u64 *table = root.spt;

	for (int at = root.role.level; at > iter->level; at--)
		table = __va(table[iter->gfn / SPAN(at) % 512] & UINT64_C(0x000ffffffffff000));
	assert_ptr_equal(iter->sptep, &table[iter->gfn / SPAN(iter->level) % 512]);
	assert_int_equal(iter->old_spte, *iter->sptep);
	assert_int_equal(iter->gfn % SPAN(iter->level), 0);
	assert_int_equal(iter->root_level, root.role.level);
	assert_false(iter->yielded);
}

static void walk(int min_level, gfn_t start, gfn_t end)
{
	struct tdp_iter iter;

	got.nr = 0;
	rcu_read_lock();
	for_each_tdp_pte_min_level(iter, &root, min_level, start, end) {
		check_position(&iter);
		add(&got, iter.level, iter.gfn);
	}
	rcu_read_unlock();
}

static void check_walk(int min_level, gfn_t start, gfn_t end)
{
	walk(min_level, start, end);
	expect(min_level, start, end);
	same_visits();
}

static void empty_tables(void **state)
{
	for (int level = 4; level <= 5; level++) {
		new_root(level);
		/* Only the root's own entries are there. */
		walk(1, 0, 3 * SPAN(level));
		assert_int_equal(got.nr, 3);
		for (unsigned int i = 0; i < 3; i++) {
			assert_int_equal(got.v[i].level, level);
			assert_int_equal(got.v[i].gfn, i * SPAN(level));
		}
		walk(1, 0, 512 * SPAN(level));
		assert_int_equal(got.nr, 512);
		walk(level, 511 * SPAN(level), 512 * SPAN(level));
		assert_int_equal(got.nr, 1);
		walk(1, 0, 0);
		assert_int_equal(got.nr, 0);
	}
}

/* The first visits to the tables of build(), written out. */
static void preorder(void **state)
{
	static const struct visit begin[] = { { 4, 0 }, { 3, 0 }, { 2, 0 }, { 1, 0 }, { 1, 1 } };
	static const struct visit middle[] = {
		{ 4, 0 }, { 3, 0 }, { 2, 0 }, { 1, 0x1fe }, { 1, 0x1ff },
		{ 2, 0x200 }, { 2, 0x400 }, { 2, 0x600 }, { 2, 0x800 }, { 1, 0x800 }, { 1, 0x801 },
	};

	build(4);
	walk(1, 0, 2);
	assert_int_equal(got.nr, ARRAY_SIZE(begin));
	assert_memory_equal(got.v, begin, sizeof(begin));
	walk(1, 0x1fe, 0x802);
	assert_int_equal(got.nr, ARRAY_SIZE(middle));
	assert_memory_equal(got.v, middle, sizeof(middle));
}

static void ranges_and_levels(void **state)
{
	static const gfn_t points[] = {
		0, 1, 2, 5, 0x1fe, 0x1ff, 0x200, 0x201, 0x3ff, 0x400, 0x555, 0x600, 0x7ff, 0x800,
		0x9ff, 0xa00, 0x3fdff, 0x3fe00, 0x3ffff, 0x40000, 0x40001, 0x60000, 0x7ffff,
		0x80000, 0x80007, 0x80200, 0xbffff, 0xc0000, SPAN(4) - 1, SPAN(4), SPAN(4) + 1,
		511 * SPAN(4), 512 * SPAN(4) - 1, 512 * SPAN(4),
	};

	for (int level = 4; level <= 5; level++) {
		build(level);
		for (int min_level = 1; min_level <= level; min_level++)
			for (unsigned int i = 0; i < ARRAY_SIZE(points); i++)
				for (unsigned int j = i; j < ARRAY_SIZE(points); j++)
					check_walk(min_level, points[i], points[j]);
	}
}

/* The last entry of every table, and the end of the address space. */
static void top_gfn(void **state)
{
	for (int level = 4; level <= 5; level++) {
		gfn_t top = 512 * SPAN(level) - 1;

		build(level);
		walk(1, top, top + 1);
		assert_int_equal(got.nr, level);
		for (int i = 0; i < level; i++) {
			assert_int_equal(got.v[i].level, level - i);
			assert_int_equal(got.v[i].gfn, top + 1 - SPAN(level - i));
		}
		/* An end beyond what the tables translate: the walk ends by itself. */
		walk(1, top - 600, INVALID_GFN);
		expect(1, top - 600, top + 1);
		same_visits();
		for (int min_level = 1; min_level <= level; min_level++)
			check_walk(min_level, 0, top + 1);
	}
}

static unsigned long reports;

static void count_report(enum sim_report_kind kind, const char *file, int line, const char *msg)
{
	reports++;
}

static void refuse_walk(struct kvm_mmu_page *bad_root, gfn_t start)
{
	struct tdp_iter iter = { .valid = true };

	reports = 0;
	sim_warn_once_clear();
	sim_set_report_handler(count_report);
	rcu_read_lock();
	tdp_iter_start(&iter, bad_root, 1, start);
	rcu_read_unlock();
	sim_set_report_handler(NULL);
	assert_false(iter.valid);
	assert_int_equal(reports, 1);
	mmu_expected_warns(reports);
}

static void impossible_walks(void **state)
{
	build(4);
	refuse_walk(NULL, 0);
	root.role.level = 0;
	refuse_walk(&root, 0);
	root.role.level = 6;
	refuse_walk(&root, 0);
	root.role.level = 4;
}

/* ---- Entries ---- */

static void child_tables(void **state)
{
	u64 *child;

	new_root(4);
	child = new_table();
	assert_ptr_equal(spte_to_child_pt(table_entry(child), 2), child);
	assert_ptr_equal(spte_to_child_pt(table_entry(child), 5), child);
	assert_null(spte_to_child_pt(table_entry(child), 1));
	assert_null(spte_to_child_pt(LEAF_HUGE, 2));
	assert_null(spte_to_child_pt(LEAF_HUGE, 3));
	assert_null(spte_to_child_pt(LEAF_4K, 1));
	assert_null(spte_to_child_pt(0, 3));
	assert_null(spte_to_child_pt(MMIO_BIT7_CLEAR, 2));
	assert_null(spte_to_child_pt(FROZEN, 4));
}

/*
 * Writes.  What others may set in a leaf meanwhile (D here, by the CPU) is kept by
 * an exchange; what nobody else writes is stored plainly, and the caller's old value
 * is what was there.
 */
static void writes_keep_volatile_bits(void **state)
{
	const u64 clean = LEAF_4K & ~UINT64_C(0x200), dirty = LEAF_4K;
	u64 *e, frozen_now;

	new_root(4);
	e = entry(3, 1);
	rcu_read_lock();
	*e = dirty;		/* the walk has read it as clean */
	assert_int_equal(kvm_tdp_mmu_write_spte(e, clean, 0, 1), dirty);
	assert_int_equal(*e, 0);

	*e = dirty;
	assert_int_equal(tdp_mmu_clear_spte_bits(e, clean, 2, 1), dirty);
	assert_int_equal(*e, dirty & ~UINT64_C(2));

	/* W, A and D set: nothing more can come. */
	assert_false(kvm_tdp_mmu_spte_need_atomic_write(dirty, 1));
	assert_true(kvm_tdp_mmu_spte_need_atomic_write(clean, 1));
	assert_true(kvm_tdp_mmu_spte_need_atomic_write(dirty & ~UINT64_C(2), 1));
	assert_true(kvm_tdp_mmu_spte_need_atomic_write(dirty & ~UINT64_C(0x100), 1));
	/* Tables, and what is not present, are written under the lock only. */
	assert_false(kvm_tdp_mmu_spte_need_atomic_write(TABLE_BITS & ~UINT64_C(0x100), 2));
	assert_false(kvm_tdp_mmu_spte_need_atomic_write(FROZEN, 1));
	assert_false(kvm_tdp_mmu_spte_need_atomic_write(MMIO, 1));

	frozen_now = kvm_tdp_mmu_write_spte_atomic(e, FROZEN);
	assert_int_equal(frozen_now, dirty & ~UINT64_C(2));
	assert_int_equal(kvm_tdp_mmu_read_spte(e), FROZEN);
	rcu_read_unlock();
}

/* ---- Yields ---- */

static bool always;		/* the time slice is over again and again */
static unsigned int countdown;	/* or once, when this gets to 0 */
static void (*meanwhile)(void);	/* what others do with mmu_lock */
static unsigned int yields;
static gfn_t yield_target[MAX_VISITS];

static int resched(void)
{
	if (always)
		return 1;
	if (!countdown || --countdown)
		return 0;
	return 1;
}

static void lock(bool shared)
{
	if (shared)
		read_lock(&vm->kvm->mmu_lock);
	else
		write_lock(&vm->kvm->mmu_lock);
	rcu_read_lock();
}

static void unlock(bool shared)
{
	rcu_read_unlock();
	if (shared)
		read_unlock(&vm->kvm->mmu_lock);
	else
		write_unlock(&vm->kvm->mmu_lock);
}

/*
 * The loop of KVM's walks: maybe yield, and then begin again with the next step; else
 * deal with the entry.  @meanwhile runs where another task would have had the lock.
 */
static void walk_locked(int min_level, gfn_t start, gfn_t end, bool shared, bool flush)
{
	unsigned long flushes = atomic64_read(&vm->kvm->stat.remote_tlb_flush_requests);
	unsigned int steps = 0;
	struct tdp_iter iter;

	got.nr = 0;
	yields = 0;
	for_each_tdp_pte_min_level(iter, &root, min_level, start, end) {
		assert_true(steps++ < 2 * MAX_VISITS);
		if (tdp_mmu_iter_cond_resched(vm->kvm, &iter, flush, shared)) {
			assert_true(iter.yielded);
			yield_target[yields++] = iter.next_last_level_gfn;
			if (meanwhile)
				meanwhile();
			continue;
		}
		assert_false(iter.yielded);
		check_position(&iter);
		add(&got, iter.level, iter.gfn);
	}
	flushes = atomic64_read(&vm->kvm->stat.remote_tlb_flush_requests) - flushes;
	assert_int_equal(flushes, flush ? yields : 0);
	/* Every yield is further on than the last: the walk gets to its end. */
	for (unsigned int i = 1; i < yields; i++)
		assert_true(yield_target[i] > yield_target[i - 1]);
}

static void walk_yielding(int min_level, gfn_t start, gfn_t end, bool shared, bool flush)
{
	sim_resched_hook = resched;
	lock(shared);
	walk_locked(min_level, start, end, shared, flush);
	unlock(shared);
	sim_resched_hook = NULL;
	sim_set_need_resched(false);
}

/*
 * @n of the sequence without a yield was not dealt with when the walk yielded there.
 * From then on it has to go: the entries above it once more, itself, all that follow.
 */
static void expect_restart_at(unsigned int n, int root_level)
{
	static struct visits all;

	all = want;
	want.nr = n;
	for (int level = root_level; level > all.v[n].level; level--)
		add(&want, level, all.v[n].gfn / SPAN(level) * SPAN(level));
	for (unsigned int i = n; i < all.nr; i++)
		add(&want, all.v[i].level, all.v[i].gfn);
}

/* One yield, at each position in turn. */
static void yield_once_everywhere(int root_level, int min_level, gfn_t start, gfn_t end)
{
	unsigned int total;

	walk(min_level, start, end);
	total = got.nr;
	for (unsigned int n = 0; n < total; n++) {
		expect(min_level, start, end);
		/*
		 * need_resched() is not even asked while the walk is on its first way
		 * down, where it has made no progress yet.
		 */
		countdown = n + 1;
		for (unsigned int i = 0; i <= n && countdown; i++)
			if (want.v[i].gfn <= start)
				countdown--;
		if (!countdown)
			continue;
		walk_yielding(min_level, start, end, n % 2, n % 3 == 0);
		assert_int_equal(yields, 1);
		expect_restart_at(n, root_level);
		same_visits();
	}
	countdown = 0;
}

static void one_yield_at_every_position(void **state)
{
	for (int level = 4; level <= 5; level++) {
		build(level);
		yield_once_everywhere(level, 1, 0, 0x806);
		yield_once_everywhere(level, 1, 0x3fff0, 0x80040);
		yield_once_everywhere(level, 1, 512 * SPAN(level) - 4, 512 * SPAN(level));
		yield_once_everywhere(level, 2, 0, 0x2000);
		yield_once_everywhere(level, 3, 0x100, 0x400000);
		/* The root's own level: a step after the restart would skip the entry. */
		yield_once_everywhere(level, level, 0, 512 * SPAN(level));
	}
}

static unsigned int count(const struct visits *visits, const struct visit *v)
{
	unsigned int n = 0;

	for (unsigned int i = 0; i < visits->nr; i++)
		n += visits->v[i].level == v->level && visits->v[i].gfn == v->gfn;
	return n;
}

/*
 * The time slice is always over: the walk yields at every new target, and still each
 * entry has its turn: one turn, but for the tables that later targets lie in.
 */
static void yields_all_the_time(void **state)
{
	for (unsigned int i = 0; i < 2 * 3; i++) {
		int level = 4 + i % 2, min_level = 1 + i / 2;
		gfn_t end = SPAN(min_level) * 0x806;
		unsigned int targets = 0;

		build(level);
		always = true;
		walk_yielding(min_level, 0, end, i & 1, true);
		always = false;
		expect(min_level, 0, end);
		for (unsigned int n = 0; n < want.nr; n++) {
			const struct visit *v = &want.v[n];
			bool table = v->level > min_level &&
				     (*entry(v->gfn, v->level) & 0x880) == 0x800;

			if (table)
				assert_true(count(&got, v) >= 1);
			else
				assert_int_equal(count(&got, v), 1);
			/* The target moves with each gfn but the first one. */
			targets += n && v->gfn != v[-1].gfn;
		}
		assert_int_equal(yields, targets);
	}
}

/* Nobody wants the CPU or the lock: no yield, no flush. */
static void no_yield_without_need(void **state)
{
	build(4);
	countdown = 0;
	walk_yielding(1, 0, 0x806, true, true);
	assert_int_equal(yields, 0);
	expect(1, 0, 0x806);
	same_visits();
}

/* ---- Contention ---- */

static bool writer_go, writer_came;

static int writer(void *data)
{
	while (!__atomic_load_n(&writer_go, __ATOMIC_SEQ_CST))
		sched_yield();
	write_lock(&vm->kvm->mmu_lock);
	__atomic_store_n(&writer_came, true, __ATOMIC_SEQ_CST);
	write_unlock(&vm->kvm->mmu_lock);
	/* kthread_stop() wants to find it. */
	while (!kthread_should_stop())
		sched_yield();
	return 0;
}

/*
 *	walk				another task
 *	read_lock, RCU
 *					write_lock: waits
 *	cond_resched: drops both	has it, gives it back
 *	takes them, restarts
 */
static void yields_to_who_waits_for_the_lock(void **state)
{
	unsigned int all_yields = 0, walks;
	struct task_struct *task;

	build(4);
	writer_go = writer_came = false;
	task = kthread_run(writer, NULL, "writer");
	assert_false(IS_ERR(task));
	lock(true);
	__atomic_store_n(&writer_go, true, __ATOMIC_SEQ_CST);
	while (!rwlock_needbreak(&vm->kvm->mmu_lock))
		sched_yield();
	assert_false(__atomic_load_n(&writer_came, __ATOMIC_SEQ_CST));
	/*
	 * A task counts as waiting a moment before it does wait, so it may miss a yield.
	 * It cannot come but by one: here the lock is never given back.
	 */
	for (walks = 0; walks < 100000; walks++) {
		if (__atomic_load_n(&writer_came, __ATOMIC_SEQ_CST))
			break;
		walk_locked(1, 0, 0x806, true, false);
		all_yields += yields;
	}
	unlock(true);
	kthread_stop(task);
	assert_true(writer_came);
	assert_true(all_yields > 0);
}

/* ---- What others do while the lock is dropped ---- */

/* Yield once, before the entry of @level at @gfn, in a walk of [0, @end). */
static void yield_before(int level, gfn_t gfn, gfn_t end)
{
	unsigned int asked = 0, n;

	expect(1, 0, end);
	for (n = 0; want.v[n].level != level || want.v[n].gfn != gfn; n++)
		asked += want.v[n].gfn > 0;
	countdown = asked + 1;
	walk_yielding(1, 0, end, true, false);
	assert_int_equal(yields, 1);
	assert_int_equal(yield_target[0], gfn);
	meanwhile = NULL;
}

/* What comes after the yield: the last @n visits. */
static void check_last(const struct visit *last, unsigned int n)
{
	assert_true(got.nr >= n);
	assert_memory_equal(&got.v[got.nr - n], last, n * sizeof(*last));
}

static void zap_first_table(void)
{
	*entry(0, 2) = 0;
}

/* The table that the walk was in is gone: no entry of it is visited any more. */
static void table_zapped_meanwhile(void **state)
{
	static const struct visit last[] = {
		{ 1, 2 }, { 4, 0 }, { 3, 0 }, { 2, 0 }, { 2, 0x200 }, { 2, 0x400 },
	};

	build(4);
	meanwhile = zap_first_table;
	yield_before(1, 3, 0x401);
	check_last(last, ARRAY_SIZE(last));
}

static void zap_first_gigabyte(void)
{
	*entry(0, 3) = 0;
}

/* So is the one above it. */
static void upper_table_zapped_meanwhile(void **state)
{
	static const struct visit last[] = {
		{ 2, 0x200 }, { 4, 0 }, { 3, 0 }, { 3, 0x40000 },
	};

	build(4);
	meanwhile = zap_first_gigabyte;
	yield_before(2, 0x400, 0x40001);
	check_last(last, ARRAY_SIZE(last));
}

static void split_huge_page(void)
{
	*entry(0x200, 2) = 0;
	*entry(0x200, 1) = LEAF_4K;
}

/* A table is there where there was a huge page: the walk goes into it. */
static void table_installed_meanwhile(void **state)
{
	static const struct visit last[] = {
		{ 1, 0x1ff }, { 4, 0 }, { 3, 0 }, { 2, 0x200 }, { 1, 0x200 }, { 1, 0x201 },
	};

	build(4);
	meanwhile = split_huge_page;
	yield_before(2, 0x200, 0x202);
	check_last(last, ARRAY_SIZE(last));
}

static void map_gigabyte(void)
{
	*entry(0, 3) = LEAF_HUGE;
}

/* A huge page replaces all tables on the way: it is visited, although begun before. */
static void huge_page_installed_meanwhile(void **state)
{
	static const struct visit last[] = { { 1, 0x1fe }, { 4, 0 }, { 3, 0 }, { 3, 0x40000 } };

	build(4);
	meanwhile = map_gigabyte;
	yield_before(1, 0x1ff, 0x40001);
	check_last(last, ARRAY_SIZE(last));
}

/*
 * Without a yield: an entry that changes between the visit and the step is looked at
 * again before the walk goes down.
 */
static void entry_changes_under_the_walk(void **state)
{
	static const struct visit last[] = {
		{ 2, 0 }, { 2, 0x200 }, { 1, 0x200 }, { 1, 0x201 },
	};
	struct tdp_iter iter;

	build(4);
	got.nr = 0;
	rcu_read_lock();
	for_each_tdp_pte(iter, &root, 0, 0x202) {
		add(&got, iter.level, iter.gfn);
		if (iter.level == 2 && iter.gfn == 0)
			zap_first_table();
		else if (iter.level == 2 && iter.gfn == 0x200)
			split_huge_page();
	}
	rcu_read_unlock();
	assert_int_equal(got.nr, 2 + ARRAY_SIZE(last));
	check_last(last, ARRAY_SIZE(last));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(empty_tables),
		cmocka_unit_test(preorder),
		cmocka_unit_test(ranges_and_levels),
		cmocka_unit_test(top_gfn),
		cmocka_unit_test(impossible_walks),
		cmocka_unit_test(child_tables),
		cmocka_unit_test(writes_keep_volatile_bits),
		cmocka_unit_test(one_yield_at_every_position),
		cmocka_unit_test(yields_all_the_time),
		cmocka_unit_test(no_yield_without_need),
		cmocka_unit_test(yields_to_who_waits_for_the_lock),
		cmocka_unit_test(table_zapped_meanwhile),
		cmocka_unit_test(upper_table_zapped_meanwhile),
		cmocka_unit_test(table_installed_meanwhile),
		cmocka_unit_test(huge_page_installed_meanwhile),
		cmocka_unit_test(entry_changes_under_the_walk),
	};

	return cmocka_run_group_tests(tests, setup, teardown) || !mmu_group_clean;
}
