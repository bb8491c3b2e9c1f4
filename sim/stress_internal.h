/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SIM_STRESS_INTERNAL_H
#define SIM_STRESS_INTERNAL_H

#include <pthread.h>

#include "sim/host_model.h"
#include "sim/stress.h"

/* What the files stress*.c share. */

#define STRESS_MAX_HOSTS	2	/* threads of the host */
#define STRESS_MAX_IOCTLS	2	/* threads of a VM that call ioctls */

struct stress;
struct stress_vm;

/* ---- Threads ---- */

struct stress_thread {
	struct stress *stress;
	struct stress_vm *vm;	/* NULL: of no VM */
	struct kvm *kvm;	/* that it has a reference on, or NULL */
	unsigned int index;	/* among those of its kind */
	pthread_t thread;
	void (*main)(struct stress_thread *thread);
	u64 random;		/* the state of its choices; never 0 */
	bool stop;		/* it should end; atomic */
	bool started;		/* of those that the run itself starts */
	char name[24];
	struct stress_status *status;
};

/* What the watchdog sees of a thread.  It stays when the thread has gone, and is reused. */
struct stress_status {
	int used;		/* atomic */
	char name[24];		/* set before @used */
	int tid;		/* atomic; 0 until it runs */
	const char *doing;	/* atomic */
	u64 nr_done;		/* atomic; never goes back */
};

struct stress_vcpu {
	struct stress_thread thread;
	struct sim_cpu cpu;
	u64 nr_faults;		/* those of vcpu->stat that have been counted */
	u64 cursor;		/* of sequential accesses: a page */
	unsigned int rounds;	/* times that the guest's program is yet to run */
};

/* ---- VMs ---- */

struct stress_vm {
	struct stress_thread thread;	/* makes and destroys it, over and over */
	unsigned int number;		/* its place among host.vms */
	struct kvm *kvm;		/* while it can be checked, else NULL */
	bool refused;			/* the last one got no notifiers, and so does not exist */
	struct stress_vcpu *vcpus[SIM_STRESS_MAX_VCPUS];
	struct stress_thread ioctls[STRESS_MAX_IOCTLS];
};

/* Where all threads can be made to stand still. */
struct stress_gate {
	pthread_mutex_t lock;
	pthread_cond_t cond;	/* any of what follows, or a thread's stop, has changed */
	bool closed;		/* also read without the lock */
	unsigned int running;	/* threads that are not waiting here */
};

/* All atomic. */
struct stress_counters {
	u64 accesses, judged, faults, zaps, roots, flushes, yields, vms;
};

/* More than there are threads at a time. */
#define STRESS_MAX_THREADS	64

struct stress {
	/*
	 * A race of KVM's own has happened (docs/found.md, mmio-over-leaf): what CPUs have
	 * cached is not judged while this VM lives.  Atomic.
	 */
	bool mmio_over_leaf;
	const struct sim_stress_config *config;
	struct sim_stress_result *result;
	struct sim_host_model host;
	/*
	 * Held for read while the host may call notifiers, for write while a VM is
	 * registered for them or is not any more, so that whoever hears of the start of
	 * an invalidation hears of its end too: the part of mmap_lock that matters here.
	 */
	pthread_rwlock_t notifiers;
	struct stress_gate gate;
	struct stress_counters counters;
	u64 first_yield;	/* sim_yield_count() at the start */
	u64 nr_live_roots;	/* when all stood still the last time */
	unsigned long pages, objects;	/* in use before there was a VM */

	struct stress_vm vms[SIM_STRESS_MAX_VMS];
	struct stress_thread hosts[STRESS_MAX_HOSTS];
	struct stress_thread params;
	struct stress_status status[STRESS_MAX_THREADS];
	pthread_t watchdog;
	bool watchdog_stop;	/* atomic */
	pthread_mutex_t found_lock;
};

/* The memories of the process, by name, and where KVM is told that they are. */
#define STRESS_THP_SIZE		(16ULL << 20)
#define STRESS_THP_HVA		SIM_MEMORY_HVA
#define STRESS_SMALL_SIZE	(4ULL << 20)
#define STRESS_SMALL_HVA	(SIM_MEMORY_HVA + SIM_MEMORY_STRIDE)

/* A memslot as it is at first.  It may go, come back, and move up by @move. */
struct stress_slot {
	u32 id;
	u64 gpa, size, hva;
	u64 move;		/* bytes; 0: it stays */
	bool may_go;
	bool may_be_readonly;	/* when it comes back */
};

#define STRESS_NR_SLOTS		6
extern const struct stress_slot stress_slots[STRESS_NR_SLOTS];
#define STRESS_MAX_SLOT_PAGES	((8ULL << 20) / 4096)

/* ---- stress.c ---- */

/** stress_found() - note that something is wrong; the first report is kept. */
void stress_found(struct stress *stress, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

/* ---- stress_thread.c ---- */

/**
 * stress_thread_start() - start one.
 * @thread: with its stress and vm set; a struct that is used again must be cleared
 * @main: what it runs; calls stress_go_on() between two things that it does
 * @name: printf() format, for the watchdog
 *
 * Return: 0 or -EAGAIN.
 */
int stress_thread_start(struct stress_thread *thread, void (*main)(struct stress_thread *thread),
			u64 seed, const char *name, ...) __attribute__((format(printf, 4, 5)));

/** stress_thread_stop() - tell it to end; does not wait. */
void stress_thread_stop(struct stress_thread *thread);

/** stress_thread_join() - wait for its end. */
void stress_thread_join(struct stress_thread *thread);

/**
 * stress_go_on() - between two things: wait while all shall stand still.
 *
 * Return: false if the thread should end.
 */
bool stress_go_on(struct stress_thread *thread);

/** stress_sleep() - sleep, and stand still when all shall: false if the thread should end. */
bool stress_sleep(struct stress_thread *thread, unsigned int us);

/** stress_doing() - say what this thread begins to do, for the watchdog. */
void stress_doing(struct stress_thread *thread, const char *what);

/* What one does who waits for stress_release_all(). */
extern const char stress_stands_still[];

/** stress_stop_all() - wait until every thread stands still; by the main thread. */
void stress_stop_all(struct stress_gate *gate);

/** stress_release_all() - let them go on. */
void stress_release_all(struct stress_gate *gate);

/** stress_random() - a number below @below. */
u64 stress_random(struct stress_thread *thread, u64 below);

/** stress_count() - add to a counter, without any order. */
static inline void stress_count(u64 *counter, u64 n)
{
	__atomic_fetch_add(counter, n, __ATOMIC_RELAXED);
}

/* One of several things to do. */
struct stress_choice {
	const char *name;
	void (*run)(struct stress_thread *thread);
	unsigned char weight[SIM_STRESS_NR_MIXES];
};

/** stress_choose() - do one of @nr things, by chance and by the weights of the mix. */
void stress_choose(struct stress_thread *thread, const struct stress_choice *choices,
		   unsigned int nr);

/* ---- stress_watchdog.c ---- */

/** stress_status_get() - a status for a new thread; NULL if there are too many. */
struct stress_status *stress_status_get(struct stress *stress, const char *name);

/** stress_status_put() - the thread has ended. */
void stress_status_put(struct stress_status *status);

/** stress_watchdog_start() - end the process if threads do not get on: 0 or -EAGAIN. */
int stress_watchdog_start(struct stress *stress);

/** stress_watchdog_stop() - no more. */
void stress_watchdog_stop(struct stress *stress);

/* ---- What the threads run ---- */

/** stress_vm_main() - stress_vm.c: the life of VMs. */
void stress_vm_main(struct stress_thread *thread);

/** stress_vcpu_main() - stress_vcpu.c: one vCPU; drops the thread's reference on the VM. */
void stress_vcpu_main(struct stress_thread *thread);

/** stress_ioctl_main() - stress_ioctl.c: ioctls on a VM; drops its reference too. */
void stress_ioctl_main(struct stress_thread *thread);

/** stress_param_main() - stress_ioctl.c: module parameters. */
void stress_param_main(struct stress_thread *thread);

/** stress_host_main() - stress_host.c: the host's memory management. */
void stress_host_main(struct stress_thread *thread);

/** stress_host_init() - stress_host.c: the host and the memories: 0 or -ENOMEM. */
int stress_host_init(struct stress *stress);

/** stress_set_slot() - stress_ioctl.c: KVM_SET_USER_MEMORY_REGION; @size 0 deletes. */
int stress_set_slot(struct kvm *kvm, const struct stress_slot *slot, u64 gpa, u64 size, u32 flags);

/** stress_vm_of() - whose VM it is. */
static inline struct stress_vm *stress_vm_of(struct kvm *kvm)
{
	return kvm->world;
}

/** stress_judge_access() - stress_vcpu.c: sim_cpu_on_access. */
void stress_judge_access(struct kvm_vcpu *vcpu, const struct sim_access *access,
			 const struct sim_tlb_entry *entry, bool hit);

extern const struct sim_world_ops stress_world_ops;

/* ---- stress_check.c: while all stand still ---- */

/** stress_check() - check all VMs. */
void stress_check(struct stress *stress);

/** stress_check_leaks() - after a VM has gone, if there can be no other. */
void stress_check_leaks(struct stress *stress);

#endif /* SIM_STRESS_INTERNAL_H */
