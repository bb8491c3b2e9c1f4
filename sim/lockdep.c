/* SPDX-License-Identifier: GPL-2.0-only */

#include <stdio.h>
#include <string.h>

#include <linux/atomic.h>
#include <linux/bits.h>
#include <linux/bug.h>
#include <linux/lockdep.h>

#if IS_ENABLED(CONFIG_PROVE_LOCKING)

#define DESCRIPTION_LEN	768

/* Of the thread that asks. */
#define self		(*sim_lockdep_self())

static const char *mode_name(enum sim_lock_mode mode)
{
	switch (mode) {
	case SIM_LOCK_SPIN:
		return "spinlock";
	case SIM_LOCK_READ:
		return "rwlock for reading";
	case SIM_LOCK_WRITE:
		return "rwlock for writing";
	case SIM_LOCK_MUTEX:
		return "mutex";
	case SIM_LOCK_SRCU:
		return "srcu";
	}
	return "?";
}

/* What this thread holds, oldest first, for a report. */
static const char *describe(char *buf, size_t size)
{
	size_t len = 0;
	int i;

	snprintf(buf, size, "nothing");
	for (i = 0; i < self.count && len < size; i++)
		len += (size_t)snprintf(buf + len, size - len, "%s%s taken at %s",
					i ? ", " : "", mode_name(self.held[i].mode),
					self.held[i].site);
	if (self.rcu_depth && len < size)
		snprintf(buf + len, size - len, "%sRCU read-side section", len ? ", " : "");
	return buf;
}

/* The place in the list of the lock that was taken last, or -1. */
static int find(const volatile void *lock, unsigned int modes)
{
	int i;

	for (i = self.count - 1; i >= 0; i--) {
		if (self.held[i].lock == lock && (self.held[i].mode & modes))
			return i;
	}
	return -1;
}

/* ---- The order of classes, learned by all threads ---- */

#define CLASSES_MAX	63

/* By id, from 1 on: a copy, as a class may be that of a lock on a stack. */
static struct {
	const char *name, *site;
} classes[CLASSES_MAX + 1];
static unsigned int nr_classes;

/* Bit b of after[a]: b was waited for by a thread that held a; atomic, bits only come. */
static u64 after[CLASSES_MAX + 1];

/* Where that was the first time: a was taken, and b wanted. */
static struct {
	const char *taken, *wanted;
} first_time[CLASSES_MAX + 1][CLASSES_MAX + 1];

/* For what is learned, which is soon all: a plain spinning lock. */
static char learning;

static void learning_lock(void)
{
	while (__atomic_test_and_set(&learning, __ATOMIC_ACQUIRE))
		cpu_relax();
}

static void learning_unlock(void)
{
	__atomic_clear(&learning, __ATOMIC_RELEASE);
}

/* Two locks on a stack, made at the same place one after the other, are of one class. */
static unsigned int register_class(const struct sim_lock_class *class)
{
	unsigned int id;

	for (id = 1; id <= nr_classes; id++)
		if (classes[id].site == class->site && classes[id].name == class->name)
			return id;
	if (nr_classes == CLASSES_MAX)
		return 0;
	classes[++nr_classes].name = class->name;
	classes[nr_classes].site = class->site;
	return nr_classes;
}

static unsigned int class_id(struct sim_lock_class *class)
{
	unsigned int id = class ? __atomic_load_n(&class->id, __ATOMIC_ACQUIRE) : 0;

	if (likely(id || !class))
		return id;
	learning_lock();
	id = register_class(class);
	__atomic_store_n(&class->id, id, __ATOMIC_RELEASE);
	learning_unlock();
	WARN_ONCE(!id, "lockdep: more than %d classes of locks", CLASSES_MAX);
	return id;
}

/*
 * The shortest way from one class to another by what is known, from each to one that was
 * taken after it.  @next: by class, the one that follows; the last is @to.
 */
static bool find_way(unsigned int from, unsigned int to, unsigned char *next)
{
	u64 reached = BIT_ULL(to), before = 0;

	/* From the end: whatever leads to what is reached is reached. */
	while (before != reached && !(reached >> from & 1)) {
		unsigned int a;

		before = reached;
		for (a = 1; a <= nr_classes; a++) {
			if ((before >> a & 1) || !(after[a] & before))
				continue;
			next[a] = (unsigned char)__builtin_ctzll(after[a] & before);
			reached |= BIT_ULL(a);
		}
	}
	return reached >> from & 1;
}

static void describe_way(unsigned int from, unsigned int to, const unsigned char *next, char *buf,
			 size_t size)
{
	size_t len = 0;

	for (; from != to && len < size; from = next[from]) {
		unsigned int then = next[from];

		len += (size_t)snprintf(buf + len, size - len,
					"; before, %s was wanted at %s with %s held since %s",
					classes[then].name, first_time[from][then].wanted,
					classes[from].name, first_time[from][then].taken);
	}
}

/* @wanted after @held is new: note it, and tell if it is the other way round somewhere. */
static void learn_order(const struct sim_held_lock *held, unsigned int wanted, const char *site)
{
	unsigned char next[CLASSES_MAX + 1] = { 0 };
	unsigned int a = held->class;
	char way[DESCRIPTION_LEN];
	bool inverted = false;

	way[0] = '\0';

	learning_lock();
	if (!(after[a] >> wanted & 1)) {
		inverted = find_way(wanted, a, next);
		if (inverted)
			describe_way(wanted, a, next, way, sizeof(way));
		first_time[a][wanted].taken = held->site;
		first_time[a][wanted].wanted = site;
		/* Told once: from now on both ways are known. */
		__atomic_fetch_or(&after[a], BIT_ULL(wanted), __ATOMIC_RELEASE);
	}
	learning_unlock();
	if (inverted)
		sim_warn(__FILE__, __LINE__,
			 "lockdep: order: %s (made at %s) wanted at %s with %s (made at %s) "
			 "held since %s%s",
			 classes[wanted].name, classes[wanted].site, site, classes[a].name,
			 classes[a].site, held->site, way);
}

static void check_order(unsigned int wanted, const char *site)
{
	int i;

	for (i = 0; i < self.count; i++) {
		unsigned int a = self.held[i].class;

		if (!a || a == wanted)
			continue;
		if (unlikely(!(__atomic_load_n(&after[a], __ATOMIC_RELAXED) >> wanted & 1)))
			learn_order(&self.held[i], wanted, site);
	}
}

void sim_lockdep_forget_order(void)
{
	learning_lock();
	memset(after, 0, sizeof(after));
	learning_unlock();
}

/* ---- Taking and releasing ---- */

void sim_lockdep_check(const volatile void *lock, struct sim_lock_class *class,
		       enum sim_lock_mode mode, const char *site)
{
	int i = find(lock, SIM_LOCK_ANY & ~SIM_LOCK_SRCU);

	if (i >= 0)
		sim_warn(__FILE__, __LINE__,
			 "lockdep: deadlock: %s wanted at %s is held by the same thread as %s since %s",
			 mode_name(mode), site, mode_name(self.held[i].mode), self.held[i].site);
	else if (class && self.count)
		check_order(class_id(class), site);
}

void sim_lockdep_acquire(const volatile void *lock, struct sim_lock_class *class,
			 enum sim_lock_mode mode, const char *site)
{
	if (WARN_ONCE(self.count == SIM_LOCKDEP_HELD, "lockdep: more than %d locks are held", SIM_LOCKDEP_HELD))
		return;
	self.held[self.count++] = (struct sim_held_lock) {
		.lock = lock,
		.mode = mode,
		.site = site,
		.class = class_id(class),
	};
}

void sim_lockdep_release(const volatile void *lock, enum sim_lock_mode mode, const char *site)
{
	char buf[DESCRIPTION_LEN];
	int i = find(lock, mode);

	if (i < 0) {
		sim_warn(__FILE__, __LINE__,
			 "lockdep: %s released at %s is not held so; this thread holds %s",
			 mode_name(mode), site, describe(buf, sizeof(buf)));
		return;
	}
	self.count--;
	for (; i < self.count; i++)
		self.held[i] = self.held[i + 1];
}

unsigned int sim_lockdep_held(const volatile void *lock)
{
	unsigned int modes = 0;
	int i;

	for (i = 0; i < self.count; i++) {
		if (self.held[i].lock == lock)
			modes |= self.held[i].mode;
	}
	return modes;
}

void sim_lockdep_assert(const volatile void *lock, unsigned int modes, const char *name,
			const char *file, int line)
{
	char buf[DESCRIPTION_LEN];
	const char *how = "";

	if (likely(find(lock, modes) >= 0))
		return;
	if (modes == SIM_LOCK_EXCLUSIVE)
		how = " for writing";
	else if (modes != SIM_LOCK_ANY)
		how = " for reading";
	sim_warn(file, line, "lockdep: %s is not held%s; this thread holds %s", name, how,
		 describe(buf, sizeof(buf)));
}

void sim_lockdep_assert_not(const volatile void *lock, const char *name, const char *file,
			    int line)
{
	int i = find(lock, SIM_LOCK_ANY);

	if (i >= 0)
		sim_warn(file, line, "lockdep: %s is held as %s since %s and must not be", name,
			 mode_name(self.held[i].mode), self.held[i].site);
}

void sim_lockdep_might_sleep(const volatile void *but, const char *file, int line)
{
	char buf[DESCRIPTION_LEN];
	bool atomic = self.rcu_depth || self.atomic_depth;
	int i;

	for (i = 0; i < self.count; i++)
		atomic |= (self.held[i].mode & SIM_LOCK_ATOMIC) && self.held[i].lock != but;
	if (likely(!atomic))
		return;
	sim_warn(file, line, "lockdep: this may sleep, and must not here%s; this thread holds %s",
		 self.atomic_depth ? " (an RCU callback)" : "", describe(buf, sizeof(buf)));
}

void sim_lockdep_atomic(int change)
{
	self.atomic_depth += change;
}

void sim_lockdep_rcu(int change)
{
	self.rcu_depth += change;
}

int sim_lockdep_rcu_depth(void)
{
	return self.rcu_depth;
}

void sim_lockdep_thread_exit(void)
{
	char buf[DESCRIPTION_LEN];

	if (self.count || self.rcu_depth)
		sim_warn(__FILE__, __LINE__, "lockdep: a thread ends and holds %s",
			 describe(buf, sizeof(buf)));
	self.count = 0;
}

#endif
