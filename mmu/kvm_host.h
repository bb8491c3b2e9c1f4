/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef MMU_KVM_HOST_H
#define MMU_KVM_HOST_H

#include <linux/atomic.h>
#include <linux/bitops.h>
#include <linux/kconfig.h>
#include <linux/kthread.h>
#include <linux/list.h>
#include <linux/lockdep.h>
#include <linux/mutex.h>
#include <linux/rcupdate.h>
#include <linux/refcount.h>
#include <linux/rwlock.h>
#include <linux/spinlock.h>
#include <linux/srcu.h>
#include <linux/wait.h>
#include <linux/workqueue.h>

#include "mmu/kvm_types.h"
#include "mmu/world.h"

/* The structures of KVM itself: VM, vCPU, memslots, requests and statistics. */

#define KVM_MAX_VCPUS		1024
#define KVM_ADDRESS_SPACE_NUM	2	/* normal, and SMM */
#define KVM_USER_MEM_SLOTS	32764	/* SHRT_MAX less three private slots */
#define KVM_MMU_NUM_PREV_ROOTS	3
#define PT64_ROOT_MAX_LEVEL	5

/* ---- Requests to a vCPU (arch/x86/include/asm/kvm_host.h) ---- */

#define KVM_REQUEST_NO_WAKEUP	BIT(8)
#define KVM_REQUEST_WAIT	BIT(9)
#define KVM_REQUEST_MASK	0xffu
#define KVM_REQUEST_ARCH_BASE	8

#define KVM_ARCH_REQ_FLAGS(nr, flags)	((nr) + KVM_REQUEST_ARCH_BASE + (flags))
#define KVM_ARCH_REQ(nr)		KVM_ARCH_REQ_FLAGS(nr, 0)

#define KVM_REQ_TLB_FLUSH	(0 | KVM_REQUEST_WAIT | KVM_REQUEST_NO_WAKEUP)
#define KVM_REQ_VM_DEAD		(1 | KVM_REQUEST_WAIT | KVM_REQUEST_NO_WAKEUP)
#define KVM_REQ_OUTSIDE_GUEST_MODE	(5 | KVM_REQUEST_WAIT | KVM_REQUEST_NO_WAKEUP)
#define KVM_REQ_LOAD_MMU_PGD	KVM_ARCH_REQ(5)
#define KVM_REQ_EVENT		KVM_ARCH_REQ(6)
#define KVM_REQ_SMI		KVM_ARCH_REQ(12)
#define KVM_REQ_TLB_FLUSH_CURRENT	KVM_ARCH_REQ(26)
#define KVM_REQ_TLB_FLUSH_GUEST	KVM_ARCH_REQ_FLAGS(27, KVM_REQUEST_WAIT | KVM_REQUEST_NO_WAKEUP)
#define KVM_REQ_UPDATE_CPU_DIRTY_LOGGING \
	KVM_ARCH_REQ_FLAGS(30, KVM_REQUEST_WAIT | KVM_REQUEST_NO_WAKEUP)
#define KVM_REQ_MMU_FREE_OBSOLETE_ROOTS \
	KVM_ARCH_REQ_FLAGS(31, KVM_REQUEST_WAIT | KVM_REQUEST_NO_WAKEUP)

/* ---- Memslots ---- */

#define KVM_MEM_LOG_DIRTY_PAGES	(1u << 0)
#define KVM_MEM_READONLY	(1u << 1)
#define KVM_MEMSLOT_INVALID	(1u << 16)	/* being deleted or moved */

/* Set in a memslot set's generation while an update is being published. */
#define KVM_MEMSLOT_GEN_UPDATE_IN_PROGRESS	BIT_ULL(63)

struct kvm_lpage_info {
	int disallow_lpage;	/* number of reasons against a huge page here */
};

struct kvm_arch_memory_slot {
	/* For 2M and 1G; index (gfn >> shift) - (base_gfn >> shift). */
	struct kvm_lpage_info *lpage_info[KVM_NR_PAGE_SIZES - 1];
};

struct kvm_memory_slot {
	gfn_t base_gfn;
	unsigned long npages;
	unsigned long *dirty_bitmap;	/* NULL unless the slot logs; atomic bit operations */
	struct kvm_arch_memory_slot arch;
	hva_t userspace_addr;
	u32 flags;
	short id;
	u16 as_id;
};

/*
 * One set of slots of an address space.  Readers reach the active set through
 * kvm->memslots under SRCU; it does not change while they can.  An update is
 * made in the inactive set, which then becomes the active one.
 */
struct kvm_memslots {
	u64 generation;
	int nr_slots;
	int capacity;
	struct kvm_memory_slot **by_gfn;	/* ascending, disjoint */
	struct kvm_memory_slot **by_hva;	/* ascending start; equal ones in order of change */
	int last_used_slot;			/* index into by_gfn: a hint, racy on purpose */
};

/* What KVM_SET_USER_MEMORY_REGION takes. */
struct kvm_userspace_memory_region {
	u32 slot;		/* address space << 16 | id */
	u32 flags;
	u64 guest_phys_addr;	/* bytes */
	u64 memory_size;	/* bytes; 0 deletes */
	u64 userspace_addr;	/* bytes */
};

enum kvm_mr_change {
	KVM_MR_CREATE,
	KVM_MR_DELETE,
	KVM_MR_MOVE,
	KVM_MR_FLAGS_ONLY,
};

/* ---- Statistics ---- */

struct kvm_vm_stat {
	atomic64_t pages[KVM_NR_PAGE_SIZES];	/* 4k, 2m, 1g leaf SPTEs */
	atomic64_t nx_lpage_splits;
	atomic64_t remote_tlb_flush_requests;
	atomic64_t remote_tlb_flush;
	atomic64_t mmu_invalidations;		/* zap-all-fast runs; the simulator's own */
};

struct kvm_vcpu_stat {
	u64 pf_taken;
	u64 pf_fixed;
	u64 pf_emulate;
	u64 pf_spurious;
	u64 pf_fast;
	u64 pf_mmio_spte_created;
	u64 tlb_flush;
};

/* ---- The MMU of a vCPU ---- */

/* Pages or objects set aside before a lock is taken, so that no one fails or sleeps under it. */
#define KVM_ARCH_NR_OBJS_PER_MEMORY_CACHE	SIM_MMU_CACHE_OBJECTS

struct kvm_mmu_memory_cache {
	gfp_t gfp_zero;
	u64 init_value;			/* fill pages with this value, if not 0 */
	struct kmem_cache *kmem_cache;	/* NULL: whole pages */
	int nobjs;
	void *objects[KVM_ARCH_NR_OBJS_PER_MEMORY_CACHE];
};

/*
 * Bits that KVM itself must never set in a SPTE, by [bit 7 of the entry][level - 1];
 * and for EPT the illegal combinations of memory type and rights, indexed by the
 * low six bits of the entry.
 */
struct rsvd_bits_validate {
	u64 rsvd_bits_mask[2][PT64_ROOT_MAX_LEVEL];
	u64 bad_mt_xwr;
};

struct kvm_mmu_root_info {
	hpa_t hpa;
	gpa_t pgd;
};

#define KVM_MMU_ROOT_INFO_INVALID \
	((struct kvm_mmu_root_info) { .hpa = INVALID_PAGE, .pgd = INVALID_PAGE })

struct kvm_mmu {
	struct kvm_mmu_root_info root;
	struct kvm_mmu_root_info prev_roots[KVM_MMU_NUM_PREV_ROOTS];
	union kvm_mmu_page_role root_role;
	struct rsvd_bits_validate shadow_zero_check;
};

/* Why the CPU left guest mode, as the hardware tells it. */
enum sim_exit_reason {
	SIM_EXIT_NONE,
	SIM_EXIT_EPT_VIOLATION,		/* 48 */
	SIM_EXIT_EPT_MISCONFIG,		/* 49 */
	SIM_EXIT_PML_FULL,		/* 62 */
	SIM_EXIT_NPF,			/* 0x400 */
	SIM_EXIT_IO,			/* an OUT: userspace takes over */
	SIM_EXIT_RSM,			/* the guest leaves system management mode */
	SIM_EXIT_KICK,			/* an interrupt for the host */
};

struct kvm_exit_info {
	enum sim_exit_reason reason;
	u64 info;	/* exit qualification, or EXITINFO1 */
	gpa_t gpa;
	bool write;	/* the access that faulted, for whoever emulates it */
	unsigned int len;	/* bytes */
	bool fetch;
};

/* What KVM_RUN returns to the VMM. */
enum kvm_exit_to_user {
	KVM_EXIT_UNKNOWN = 0,
	KVM_EXIT_IO = 2,
	KVM_EXIT_MMIO = 6,
	KVM_EXIT_INTR = 10,
	KVM_EXIT_INTERNAL_ERROR = 17,
};

struct kvm_run {
	enum kvm_exit_to_user exit_reason;
	struct {
		gpa_t phys_addr;
		u32 len;
		bool is_write;
	} mmio;
};

struct kvm_vcpu_arch {
	struct kvm_mmu *mmu;
	struct kvm_mmu root_mmu;
	struct kvm_mmu guest_mmu;	/* for a nested guest that has nested paging of its own */

	struct kvm_mmu_memory_cache mmu_shadow_page_cache;
	struct kvm_mmu_memory_cache mmu_page_header_cache;

	/* The last MMIO access, good as long as the memslot generation stays. */
	u64 mmio_gen;
	gfn_t mmio_gfn;
	u64 mmio_gva;
	unsigned int mmio_access;

	bool smm;
	bool smi_pending;
	bool guest_mode;	/* runs a nested guest on KVM's own (direct) tables */
	bool cr0_cd;		/* guest CR0.CD: caches off */
	u8 mtrr_type;		/* what the guest's MTRRs say of memory; one type for all */

	/* Page-modification logging: what the CPU appends to, and its next index. */
	u64 *pml_buffer;
	u16 pml_index;
	bool pml_enabled;

	u64 hw_pgd;		/* EPTP or nCR3 as loaded */
	struct kvm_exit_info exit;
};

enum {
	OUTSIDE_GUEST_MODE,
	IN_GUEST_MODE,
	EXITING_GUEST_MODE,
	READING_SHADOW_PAGE_TABLES,
};

struct kvm_vcpu {
	struct kvm *kvm;
	int vcpu_id;
	int vcpu_idx;
	int mode;		/* see kvm_vcpu_exiting_guest_mode() */
	u64 requests;		/* atomic bit operations */
	int srcu_idx;
	struct kvm_run run;
	struct kvm_vcpu_stat stat;
	struct kvm_vcpu_arch arch;
	void *world;		/* the simulator's own state of this vCPU */
};

/* ---- The VM ---- */

struct kvm_arch {
	u8 mmu_valid_gen;		/* of shadow pages; TDP pages do not look at it */
	bool tdp_mmu_enabled;
	/*
	 * Roots, newest first.  Read under mmu_lock (any mode) or RCU.  Changed under
	 * tdp_mmu_pages_lock.
	 */
	struct list_head tdp_mmu_roots;
	/* All other TDP MMU pages: a list, or only their number, by profile. */
	struct list_head tdp_mmu_pages;
	atomic64_t nr_tdp_mmu_pages;
	/* Leaf lock inside mmu_lock: root list, page list, list of NX huge pages. */
	spinlock_t tdp_mmu_pages_lock;
	/* Zaps invalidated roots in the profiles that do it asynchronously. */
	struct workqueue_struct *tdp_mmu_zap_wq;
	/* Tables that exist because a huge page must not be executable, oldest first. */
	struct list_head possible_nx_huge_pages;
	struct task_struct *nx_huge_page_recovery_thread;
	bool disable_nx_huge_pages;
	bool noncoherent_dma;		/* a device that does not snoop: memory types matter */
	bool disable_cd_nw_quirk;	/* KVM_X86_QUIRK_CD_NW_CLEARED switched off */
	int cpu_dirty_logging_count;	/* slots that log, for PML; under slots_lock */

};

struct kvm {
	rwlock_t mmu_lock;
	struct mutex slots_lock;
	struct mutex slots_arch_lock;
	struct mutex lock;		/* creation of vCPUs */

	struct kvm_memslots __memslots[KVM_ADDRESS_SPACE_NUM][2];
	struct kvm_memslots __rcu *memslots[KVM_ADDRESS_SPACE_NUM];
	struct srcu_struct srcu;
	/* Room for the set that is active while an update that adds a slot begins. */
	struct kvm_memslots memslots_spare;

	struct kvm_vcpu *vcpus[KVM_MAX_VCPUS];
	int created_vcpus;
	atomic_t online_vcpus;
	refcount_t users_count;
	struct list_head vm_list;
	bool vm_bugged;
	bool vm_dead;

	/*
	 * Invalidations between start and end.  A memslot update waits until there are
	 * none, so that start and end see the same slots.
	 */
	spinlock_t mn_invalidate_lock;
	unsigned long mn_active_invalidate_count;
	bool mn_released;		/* the mm is gone: nothing more to zap */
	wait_queue_head_t mn_memslots_update_wq;

	/* The retry protocol of page faults; see mmu/mmu_notifier.c.  Under mmu_lock. */
	unsigned long mmu_invalidate_seq;
	long mmu_invalidate_in_progress;
	u64 mmu_invalidate_range_start;	/* hva, or gfn, by profile */
	u64 mmu_invalidate_range_end;

	u32 manual_dirty_log_protect;
	struct kvm_vm_stat stat;
	struct kvm_arch arch;

	const struct sim_world_ops *world_ops;
	void *world;
};

#define KVM_DIRTY_LOG_MANUAL_PROTECT_ENABLE	(1u << 0)
#define KVM_DIRTY_LOG_INITIALLY_SET		(1u << 1)

/* A range of frames of one slot, as the MMU notifiers pass it on. */
struct kvm_gfn_range {
	struct kvm_memory_slot *slot;
	gfn_t start;
	gfn_t end;		/* exclusive */
	struct sim_host_page pte;	/* set_spte_gfn only */
	bool may_block;
};

/* The VM is broken beyond repair: say so once and let it do nothing more. */
#define KVM_BUG_ON(cond, kvm)				\
({							\
	bool __bug = !!(cond);				\
							\
	if (__bug && !(kvm)->vm_bugged) {		\
		WARN(1, "KVM_BUG_ON(%s)", #cond);	\
		kvm_vm_bugged(kvm);			\
	}						\
	unlikely(__bug);				\
})

#define kvm_for_each_vcpu(idx, vcpup, kvm)					\
	for ((idx) = 0; (idx) < (unsigned long)atomic_read_acquire(&(kvm)->online_vcpus) && \
	     ((vcpup) = (kvm)->vcpus[idx]); (idx)++)

#include "mmu/kvm_main.h"

#endif /* MMU_KVM_HOST_H */
