/* SPDX-License-Identifier: GPL-2.0-only */

#include <stdio.h>

#include <linux/bug.h>
#include <linux/lockdep.h>

#if IS_ENABLED(CONFIG_PROVE_LOCKING)

#define DESCRIPTION_LEN	512

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

void sim_lockdep_check(const volatile void *lock, enum sim_lock_mode mode, const char *site)
{
	int i = find(lock, SIM_LOCK_ANY & ~SIM_LOCK_SRCU);

	if (i >= 0)
		sim_warn(__FILE__, __LINE__,
			 "lockdep: deadlock: %s wanted at %s is held by the same thread as %s since %s",
			 mode_name(mode), site, mode_name(self.held[i].mode), self.held[i].site);
}

void sim_lockdep_acquire(const volatile void *lock, enum sim_lock_mode mode, const char *site)
{
	if (WARN_ONCE(self.count == SIM_LOCKDEP_HELD, "lockdep: more than %d locks are held", SIM_LOCKDEP_HELD))
		return;
	self.held[self.count++] = (struct sim_held_lock) {
		.lock = lock,
		.mode = mode,
		.site = site,
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
