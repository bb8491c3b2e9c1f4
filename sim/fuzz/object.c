/* SPDX-License-Identifier: GPL-2.0-only */
#include <stdio.h>
#include <string.h>
#include <linux/mm.h>

#include "mmu/mmu.h"
#include "mmu/mmu_internal.h"
#include "sim/describe.h"
#include "sim/det/mem.h"
#include "sim/fuzz/object.h"
#include "sim/mem.h"

/* ---- The structures that schedules are about, by offset ---- */

struct field {
	u32 offset, size;
	const char *name;
	u8 type;		/* enum sim_value_type */
	bool list;		/* two pointers, next and prev */
};

#define FIELD(struct_type, member, value_type)					\
	{ offsetof(struct_type, member), sizeof(((struct_type *)0)->member),	\
	  #member, value_type, false }
#define LIST(struct_type, member)						\
	{ offsetof(struct_type, member), sizeof(((struct_type *)0)->member),	\
	  #member, SIM_VALUE_POINTER, true }

static const struct field kvm_fields[] = {
	FIELD(struct kvm, mmu_lock, SIM_VALUE_NONE),
	FIELD(struct kvm, slots_lock, SIM_VALUE_NONE),
	FIELD(struct kvm, slots_arch_lock, SIM_VALUE_NONE),
	FIELD(struct kvm, lock, SIM_VALUE_NONE),
	FIELD(struct kvm, __memslots, SIM_VALUE_NONE),
	FIELD(struct kvm, memslots[0], SIM_VALUE_POINTER),
	FIELD(struct kvm, memslots[1], SIM_VALUE_POINTER),
	FIELD(struct kvm, srcu, SIM_VALUE_NONE),
	FIELD(struct kvm, created_vcpus, SIM_VALUE_NUMBER),
	FIELD(struct kvm, online_vcpus, SIM_VALUE_NUMBER),
	FIELD(struct kvm, users_count, SIM_VALUE_NUMBER),
	LIST(struct kvm, vm_list),
	FIELD(struct kvm, vm_bugged, SIM_VALUE_NUMBER),
	FIELD(struct kvm, mn_invalidate_lock, SIM_VALUE_NONE),
	FIELD(struct kvm, mn_active_invalidate_count, SIM_VALUE_NUMBER),
	FIELD(struct kvm, mn_released, SIM_VALUE_NUMBER),
	FIELD(struct kvm, mn_memslots_update_wq, SIM_VALUE_NONE),
	FIELD(struct kvm, mmu_invalidate_seq, SIM_VALUE_NUMBER),
	FIELD(struct kvm, mmu_invalidate_in_progress, SIM_VALUE_NUMBER),
	FIELD(struct kvm, mmu_invalidate_range_start, SIM_VALUE_HEX),
	FIELD(struct kvm, mmu_invalidate_range_end, SIM_VALUE_HEX),
	FIELD(struct kvm, stat.nx_lpage_splits, SIM_VALUE_NUMBER),
	FIELD(struct kvm, stat.remote_tlb_flush, SIM_VALUE_NUMBER),
	FIELD(struct kvm, stat.remote_tlb_flush_requests, SIM_VALUE_NUMBER),
	FIELD(struct kvm, stat, SIM_VALUE_NONE),
	LIST(struct kvm, arch.tdp_mmu_roots),
	LIST(struct kvm, arch.tdp_mmu_pages),
	FIELD(struct kvm, arch.nr_tdp_mmu_pages, SIM_VALUE_NUMBER),
	FIELD(struct kvm, arch.tdp_mmu_pages_lock, SIM_VALUE_NONE),
	LIST(struct kvm, arch.possible_nx_huge_pages),
	{ 0 }
};

static const struct field vcpu_fields[] = {
	FIELD(struct kvm_vcpu, mode, SIM_VALUE_MODE),
	FIELD(struct kvm_vcpu, requests, SIM_VALUE_REQUESTS),
	FIELD(struct kvm_vcpu, arch.root_mmu.root.hpa, SIM_VALUE_HEX),
	FIELD(struct kvm_vcpu, arch.guest_mmu.root.hpa, SIM_VALUE_HEX),
	FIELD(struct kvm_vcpu, arch.hw_pgd, SIM_VALUE_HEX),
	FIELD(struct kvm_vcpu, arch.pml_index, SIM_VALUE_NUMBER),
	{ 0 }
};

static const struct field page_fields[] = {
	LIST(struct kvm_mmu_page, link),
	FIELD(struct kvm_mmu_page, tdp_mmu_scheduled_root_to_zap, SIM_VALUE_NUMBER),
	FIELD(struct kvm_mmu_page, nx_huge_page_disallowed, SIM_VALUE_NUMBER),
	FIELD(struct kvm_mmu_page, role, SIM_VALUE_ROLE),
	FIELD(struct kvm_mmu_page, gfn, SIM_VALUE_HEX),
	FIELD(struct kvm_mmu_page, tdp_mmu_root_count, SIM_VALUE_NUMBER),
	LIST(struct kvm_mmu_page, possible_nx_huge_page_link),
	FIELD(struct kvm_mmu_page, tdp_mmu_async_work, SIM_VALUE_NONE),
	FIELD(struct kvm_mmu_page, rcu_head, SIM_VALUE_NONE),
	{ 0 }
};

static const struct field slot_fields[] = {
	FIELD(struct kvm_memory_slot, dirty_bitmap, SIM_VALUE_POINTER),
	FIELD(struct kvm_memory_slot, flags, SIM_VALUE_HEX),
	{ 0 }
};

static const struct field no_fields[] = { { 0 } };

/* ---- What has been seen ---- */

struct known {
	const char *base;
	const struct field *fields;
	bool is_kvm;		/* its fields need no "kvm->" */
	char label[SIM_OBJECT_LABEL_SIZE];
};

#define MAX_KNOWN	1024

static struct known known[MAX_KNOWN];
static unsigned int nr_known;

void sim_object_reset(void)
{
	nr_known = 0;
}

static struct known *find_known(const char *base)
{
	unsigned int i;

	for (i = 0; i < nr_known; i++)
		if (known[i].base == base)
			return &known[i];
	return NULL;
}

static struct known *add_known(const void *base, const struct field *fields)
{
	struct known *k = find_known(base);

	if (k)
		return k;
	/* What comes after so many goes without a name of its own. */
	k = &known[nr_known < MAX_KNOWN ? nr_known++ : MAX_KNOWN - 1];
	*k = (struct known) { .base = base, .fields = fields };
	return k;
}

static bool is_live(const void *p)
{
	return sim_mem_contains(p) && !sim_det_mem_is_freed(p);
}

static void know_slots(const struct kvm *kvm)
{
	unsigned int as_id;
	int i;

	for (as_id = 0; as_id < KVM_ADDRESS_SPACE_NUM; as_id++) {
		const struct kvm_memslots *slots = kvm->memslots[as_id];

		/* It may be about to change: what is not there any more is passed over. */
		if (!is_live(slots) || !is_live(slots->by_gfn))
			continue;
		for (i = 0; i < slots->nr_slots; i++) {
			const struct kvm_memory_slot *slot = slots->by_gfn[i];

			if (!is_live(slot))
				continue;
			snprintf(add_known(slot, slot_fields)->label, SIM_OBJECT_LABEL_SIZE,
				 "%sslot %d", slot->as_id ? "smm " : "", slot->id);
		}
	}
}

static void know_vm(const struct kvm *kvm)
{
	struct known *k = add_known(kvm, kvm_fields);
	int i;

	k->is_kvm = true;
	snprintf(k->label, sizeof(k->label), "kvm");
	for (i = 0; i < kvm->created_vcpus && is_live(kvm->vcpus[i]); i++)
		snprintf(add_known(kvm->vcpus[i], vcpu_fields)->label, SIM_OBJECT_LABEL_SIZE,
			 "vcpu%d", kvm->vcpus[i]->vcpu_id);
	if (kvm->arch.tdp_mmu_zap_wq)
		snprintf(add_known(kvm->arch.tdp_mmu_zap_wq, no_fields)->label,
			 SIM_OBJECT_LABEL_SIZE, "tdp_mmu_zap_wq");
	know_slots(kvm);
}

/* Nothing of simulated memory leads there: all VMs, and what they have, are looked at. */
static void know_vms(void)
{
	const struct list_head *link;

	for (link = vm_list.next; link && link != &vm_list; link = link->next) {
		if (!is_live(link))
			return;
		know_vm(container_of(link, struct kvm, vm_list));
	}
}

static struct known *know_page(const struct kvm_mmu_page *sp, const struct sim_det_memory *memory)
{
	const char *smm = sp->role.smm ? "smm " : "";
	struct known *k;

	if (memory->freed || !sp->role.level)
		return NULL;
	k = add_known(sp, page_fields);
	if (!sp->ptep)
		snprintf(k->label, sizeof(k->label), "%sroot#%u", smm, memory->number);
	else
		snprintf(k->label, sizeof(k->label), "%sL%u table#%u", smm, sp->role.level,
			 memory->number);
	return k;
}

/* The object that a piece of memory is, or NULL. */
static struct known *know(const char *base, const struct sim_det_memory *memory)
{
	struct known *k = find_known(base);

	if (k)
		return k;
	if (!strcmp(memory->name, "kvm_mmu_page"))
		return know_page((const struct kvm_mmu_page *)base, memory);
	if (!strcmp(memory->name, "page") || memory->freed)
		return NULL;
	know_vms();
	return find_known(base);
}

/* ---- Names ---- */

static const struct field *field_at(const struct field *fields, u32 offset)
{
	for (; fields->name; fields++)
		if (offset >= fields->offset && offset - fields->offset < fields->size)
			return fields;
	return NULL;
}

static void describe_field(const struct known *k, u32 offset, struct sim_object *object)
{
	const struct field *field = field_at(k->fields, offset);
	const char *name = field ? field->name : NULL, *part = "";

	if (!field) {
		snprintf(object->name, sizeof(object->name), "%s+0x%x", k->label, offset);
		return;
	}
	/* Everybody knows where tdp_mmu_roots is. */
	if (!strncmp(name, "arch.", 5))
		name += 5;
	if (field->list)
		part = offset == field->offset ? ".next" : ".prev";
	snprintf(object->name, sizeof(object->name), "%s%s%s%s", k->is_kvm ? "" : k->label,
		 k->is_kvm ? "" : "->", name, part);
	object->type = field->type;
	if (field->type != SIM_VALUE_NONE)
		object->size = field->list ? sizeof(void *) : (u8)field->size;
}

/* The header of the table that an entry is in; NULL if it is no table, or a header no more. */
static const struct kvm_mmu_page *header_of(const void *entry)
{
	const struct kvm_mmu_page *sp = (void *)page_private(virt_to_page(entry));
	struct sim_det_memory memory;

	if (!sp || !sim_det_mem_lookup(sp, &memory) || memory.freed || !sp->role.level)
		return NULL;
	return sp;
}

static bool describe_spte(const char *entry, const struct sim_det_memory *memory,
			  struct sim_object *object)
{
	const struct kvm_mmu_page *sp = memory->freed ? NULL : header_of(entry);
	struct known *k;
	gfn_t gfn;

	if (!sp)
		return false;
	object->level = (u8)sp->role.level;
	object->type = SIM_VALUE_SPTE;
	object->size = sizeof(u64);
	gfn = sp->gfn + memory->offset / sizeof(u64) * KVM_PAGES_PER_HPAGE(object->level);
	snprintf(object->name, sizeof(object->name), "%sSPTE L%d gfn 0x%llx",
		 sp->role.smm ? "smm " : "", object->level, (unsigned long long)gfn);
	k = add_known(entry - memory->offset, no_fields);
	snprintf(k->label, sizeof(k->label), "L%d page#%u", object->level, memory->number);
	return true;
}

void sim_object_describe(const volatile void *address, struct sim_object *object)
{
	const char *at = (const char *)(uintptr_t)address;
	struct sim_det_memory memory;
	const struct known *k;

	*object = (struct sim_object) { 0 };
	if (!sim_det_mem_lookup(at, &memory))
		return;
	object->container = sim_det_mem_name(at - memory.offset);
	if (!strcmp(memory.name, "page") && describe_spte(at, &memory, object))
		return;
	k = know(at - memory.offset, &memory);
	if (k)
		describe_field(k, memory.offset, object);
	else
		snprintf(object->name, sizeof(object->name), "%s#%u+0x%x", memory.name,
			 memory.number, memory.offset);
}

bool sim_object_label(const volatile void *address, char *buf, size_t size)
{
	const char *at = (const char *)(uintptr_t)address;
	struct sim_det_memory memory;
	const struct known *k;

	if (!sim_det_mem_lookup(at, &memory))
		return false;
	k = know(at - memory.offset, &memory);
	if (k)
		snprintf(buf, size, "%s", k->label);
	else
		snprintf(buf, size, "%s#%u", memory.name, memory.number);
	return true;
}

/* Where a pointer leads: to an object, or, for the head of a list, to a part of the VM. */
static bool pointer_value(const void *target, char *buf, size_t size)
{
	struct sim_object object;

	if (!sim_object_label(target, buf, size))
		return false;
	if (strcmp(buf, "kvm"))
		return true;
	sim_object_describe(target, &object);
	snprintf(buf, size, "%.*s", (int)strcspn(object.name, "."), object.name);
	return true;
}

/* ---- Values ---- */

bool sim_object_read(const volatile void *address, const struct sim_object *object, u64 *value)
{
	const char *at = (const char *)(uintptr_t)address;

	*value = 0;
	if (!object->size || object->size > sizeof(*value) || !sim_mem_contains(at) ||
	    !sim_mem_contains(at + object->size - 1) || sim_det_mem_is_freed(at))
		return false;
	memcpy(value, at, object->size);
	return true;
}

/* The first words of it say what matters: what it maps, and with which rights. */
static void spte_value(u64 spte, int level, char *buf, size_t size)
{
	char words[SIM_DESCRIBE_SIZE], *end = words;
	int commas;

	sim_describe_spte(spte, level, 0, words, sizeof(words));
	for (commas = strncmp(words, "table", 5) ? 3 : 2; *end; end++)
		if (*end == ',' && !--commas)
			break;
	snprintf(buf, size, "%.*s", (int)(end - words), words);
}

static void role_value(u32 word, char *buf, size_t size)
{
	union kvm_mmu_page_role role = { .word = word };

	snprintf(buf, size, "%s", role.invalid ? "invalid" : "valid");
}

static void requests_value(u64 requests, char *buf, size_t size)
{
	static const struct {
		unsigned int bit;
		const char *name;
	} names[] = {
		{ KVM_REQ_TLB_FLUSH, "TLB_FLUSH" },
		{ KVM_REQ_VM_DEAD, "VM_DEAD" },
		{ KVM_REQ_OUTSIDE_GUEST_MODE, "OUTSIDE_GUEST_MODE" },
		{ KVM_REQ_LOAD_MMU_PGD, "LOAD_MMU_PGD" },
		{ KVM_REQ_EVENT, "EVENT" },
		{ KVM_REQ_SMI, "SMI" },
		{ KVM_REQ_TLB_FLUSH_CURRENT, "TLB_FLUSH_CURRENT" },
		{ KVM_REQ_TLB_FLUSH_GUEST, "TLB_FLUSH_GUEST" },
		{ KVM_REQ_UPDATE_CPU_DIRTY_LOGGING, "CPU_DIRTY_LOGGING" },
		{ KVM_REQ_MMU_FREE_OBSOLETE_ROOTS, "FREE_OBSOLETE_ROOTS" },
	};
	size_t len = 0, i;

	snprintf(buf, size, "none");
	for (i = 0; i < sizeof(names) / sizeof(names[0]) && len < size; i++)
		if (requests & BIT_ULL(names[i].bit & KVM_REQUEST_MASK))
			len += (size_t)snprintf(buf + len, size - len, "%s%s", len ? "|" : "",
						names[i].name);
}

static void mode_value(u64 mode, char *buf, size_t size)
{
	static const char *const modes[] = {
		[OUTSIDE_GUEST_MODE] = "OUTSIDE_GUEST_MODE", [IN_GUEST_MODE] = "IN_GUEST_MODE",
		[EXITING_GUEST_MODE] = "EXITING_GUEST_MODE",
		[READING_SHADOW_PAGE_TABLES] = "READING_SHADOW_PAGE_TABLES",
	};

	snprintf(buf, size, "%s", mode < sizeof(modes) / sizeof(modes[0]) ? modes[mode] : "?");
}

const char *sim_object_value(const struct sim_object *object, u64 value, char *buf, size_t size)
{
	switch (object->type) {
	case SIM_VALUE_SPTE:
		spte_value(value, object->level, buf, size);
		break;
	case SIM_VALUE_ROLE:
		role_value((u32)value, buf, size);
		break;
	case SIM_VALUE_REQUESTS:
		requests_value(value, buf, size);
		break;
	case SIM_VALUE_MODE:
		mode_value(value, buf, size);
		break;
	case SIM_VALUE_POINTER:
		if (!value)
			snprintf(buf, size, "NULL");
		else if (!pointer_value((void *)(uintptr_t)value, buf, size))
			snprintf(buf, size, "0x%llx", (unsigned long long)value);
		break;
	case SIM_VALUE_NUMBER:
		snprintf(buf, size, "%lld", object->size == 4 ? (long long)(s32)value :
			 (long long)value);
		break;
	default:
		snprintf(buf, size, "0x%llx", (unsigned long long)value);
	}
	return buf;
}
