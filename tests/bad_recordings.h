/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef TESTS_BAD_RECORDINGS_H
#define TESTS_BAD_RECORDINGS_H

/*
 * Recordings that the reader refuses, with its message.  For the library and for the
 * command, which says the same.
 */

/* A text, and the message for it when it is called BAD_NAME. */
struct sim_bad_recording {
	const char *text;
	const char *err;
};

#define BAD_NAME	"bad"

#define MAGIC	"tdp-vector 1\n"
#define KEYS	"kernel 6.1.0\nvendor amd\nformat npt\nlevels 4\nmaxphyaddr 40\n"
#define HEAD	MAGIC KEYS
#define TAIL	"op destroy\n"
/* The event under test is in line 8 of these, and the operation in line 8 of the next. */
#define EVENT(line)	HEAD "op vm\n" line "\n" TAIL
#define OP(line)	HEAD "op vm\n" line "\n" TAIL
#define X16(s)		s s s s s s s s s s s s s s s s
#define X64(s)		X16(s) X16(s) X16(s) X16(s)

/* Heads that are incomplete, contradict themselves or are none. */
static const struct sim_bad_recording bad_heads[] = {
	{ "", "bad:1: expected \"tdp-vector 1\", found the end of the file" },
	{ "tdp-vector 2\n" KEYS, "bad:1: expected \"tdp-vector 1\", found \"tdp-vector 2\"" },
	{ KEYS, "bad:1: expected \"tdp-vector 1\", found \"kernel 6.1.0\"" },
	{ "tdp-vector 1", "bad:1: expected a newline, found the end of the file" },
	{ MAGIC, "bad:1: expected \"op vm\" after the head, found the end of the file" },
	{ HEAD, "bad:6: expected \"op vm\" after the head, found the end of the file" },
	{ MAGIC MAGIC, "bad:2: expected a line of the head or the first operation, "
		       "found \"tdp-vector\"" },
	{ HEAD "cpu amd\n", "bad:7: expected a line of the head or the first operation, "
			    "found \"cpu\"" },
	{ MAGIC "levels  4\n", "bad:2: expected one space between words, found more" },
	{ HEAD "levels 4\n", "bad:7: levels: expected once, found again after line 5" },
	{ MAGIC "kernel\n", "bad:2: kernel: expected a version of 1 to 63 characters, "
			    "found the end of the line" },
	{ MAGIC "kernel " X64("6") "\n", "bad:2: kernel: expected a version of 1 to 63 "
	  "characters, found \"666666666666666666666666666666666666666666...\"" },
	{ MAGIC "vendor via\n", "bad:2: vendor: expected amd or intel, found \"via\"" },
	{ MAGIC "format shadow\n", "bad:2: format: expected npt or ept, found \"shadow\"" },
	{ MAGIC "levels 3\n", "bad:2: levels: expected 4 or 5, found \"3\"" },
	{ MAGIC "levels 4 5\n", "bad:2: levels: expected the end of the line, found \"5\"" },
	{ MAGIC "maxphyaddr 31\n", "bad:2: maxphyaddr: expected 32 to 52, found \"31\"" },
	{ MAGIC "maxphyaddr 53\n", "bad:2: maxphyaddr: expected 32 to 52, found \"53\"" },
	{ MAGIC "maxphyaddr 0x28\n", "bad:2: maxphyaddr: expected 32 to 52, found \"0x28\"" },
	{ MAGIC "maxphyaddr 18446744073709551656\n",
	  "bad:2: maxphyaddr: expected 32 to 52, found \"18446744073709551656\"" },
	{ MAGIC "vendor amd\nop vm\n",
	  "bad:3: expected a line \"kernel\" in the head, found none before "
	  "the first operation" },
	{ MAGIC "kernel 6\nvendor amd\nformat npt\nlevels 4\nop vm\n" TAIL,
	  "bad:6: expected a line \"maxphyaddr\" in the head, found none before "
	  "the first operation" },
	{ MAGIC "kernel 6\nvendor amd\nformat ept\nlevels 4\nmaxphyaddr 40\nop vm\n" TAIL,
	  "bad:4: expected format npt with vendor amd, found ept" },
	{ MAGIC "format npt\nkernel 6\nvendor intel\nlevels 4\nmaxphyaddr 40\nop vm\n" TAIL,
	  "bad:4: expected format ept with vendor intel, found npt" },
};

/* Module parameters. */
static const struct sim_bad_recording bad_parameters[] = {
	{ HEAD "param\n",
	  "bad:7: param: expected a name of 1 to 47 characters, found the end of the line" },
	{ HEAD "param tdp_mmu\n",
	  "bad:7: param: expected a value of 1 to 15 characters, found the end of the line" },
	{ HEAD "param tdp_mmu YYYYYYYYYYYYYYYY\n",
	  "bad:7: param: expected a value of 1 to 15 characters, "
	  "found \"YYYYYYYYYYYYYYYY\"" },
	{ HEAD "param tdp_mmu Y N\n",
	  "bad:7: param: expected the end of the line, found \"N\"" },
	{ HEAD "param tdp_mmu Y\nparam npt Y\nparam tdp_mmu N\n",
	  "bad:9: param: expected each name once, found tdp_mmu again after line 7" },
	{ HEAD "param eptad Y\nop vm\n" TAIL,
	  "bad:7: param: expected parameters of format npt, found eptad" },
	{ MAGIC "kernel 6\nvendor intel\nformat ept\nlevels 4\nmaxphyaddr 40\n"
	  "param npt Y\nop vm\n" TAIL,
	  "bad:7: param: expected parameters of format ept, found npt" },
};

/* Lines of the wrong shape, whatever they say. */
static const struct sim_bad_recording bad_lines[] = {
	{ HEAD "op vm\n\n" TAIL, "bad:8: expected no empty line" },
	{ HEAD "\nop vm\n" TAIL, "bad:7: expected no empty line" },
	{ HEAD "op vm\n# vm\n" TAIL,
	  "bad:8: expected \"op\" or an indented line, found \"#\"" },
	{ HEAD "op vm\nparam nx_huge_pages N\n" TAIL,
	  "bad:8: expected \"op\" or an indented line, found \"param\"" },
	{ HEAD "op vm\nret 0\n" TAIL,
	  "bad:8: expected \"op\" or an indented line, found \"ret\"" },
	{ HEAD "op vm\nop: fork\n" TAIL,
	  "bad:8: expected \"op\" or an indented line, found \"op:\"" },
	{ HEAD "op vm\r\n" TAIL, "bad:7: expected lines that end in a newline alone, "
				 "found a carriage return in column 6" },
	{ EVENT("\tret 0"), "bad:8: expected spaces, found a tab in column 1" },
	{ EVENT("  ret\t0"), "bad:8: expected spaces, found a tab in column 6" },
	{ EVENT("  ret 0 "), "bad:8: expected no blanks at the end of the line" },
	{ EVENT("  "), "bad:8: expected no blanks at the end of the line" },
	{ HEAD "op vm \n" TAIL, "bad:7: expected no blanks at the end of the line" },
	{ EVENT(" ret 0"), "bad:8: expected an indentation of 2 spaces, found 1" },
	{ EVENT("    ret 0"), "bad:8: expected an indentation of 2 spaces, found 4" },
	{ HEAD "  ret 0\nop vm\n" TAIL,
	  "bad:7: expected a line of the head or the first operation, "
	  "found an indented line" },
	{ EVENT("  ret \xc2\xa0" "0"),
	  "bad:8: expected printable ASCII, found byte 0xc2 in column 7" },
	{ EVENT("  ret \x7f"), "bad:8: expected printable ASCII, found byte 0x7f in column 7" },
	{ HEAD "op vm\nop destroy", "bad:8: expected a newline, found the end of the file" },
	{ EVENT(X64("0123456789abcdef") "0"),
	  "bad:8: expected at most 1024 bytes in a line, found 1025" },
	{ EVENT(X64("0123456789abcdef")), "bad:8: expected \"op\" or an indented line, "
	  "found \"0123456789abcdef0123456789abcdef0123456789...\"" },
};

/* Operations that are none, or stand where they may not. */
static const struct sim_bad_recording bad_operations[] = {
	{ HEAD "op fork\n" TAIL,
	  "bad:7: expected operation \"vm\" first and only there, found \"fork\"" },
	{ OP("op vm"), "bad:8: expected operation \"vm\" first and only there, found \"vm\"" },
	{ HEAD "op\n" TAIL, "bad:7: expected an operation, found the end of the line" },
	{ OP("op jump 0 0x0"), "bad:8: expected an operation, found \"jump\"" },
	{ OP("op read 0"),
	  "bad:8: read: expected GPA (a number below 2^52), found the end of the line" },
	{ OP("op slot 0 1g 0 a 0"),
	  "bad:8: slot: expected SIZE (a number, not 0), found \"0\"" },
	{ OP("op memory a 99999999999999999999 thp"),
	  "bad:8: memory: expected SIZE (a multiple of 4k, 4k to 64g), "
	  "found \"99999999999999999999\"" },
	{ HEAD "op vm\n", "bad:7: expected \"destroy\" as the last operation, found \"vm\"" },
	{ HEAD "op vm\n  ret 0\nop fork\n  flush_remote_tlbs\n",
	  "bad:10: expected \"destroy\" as the last operation, found \"fork\"" },
	{ HEAD "op vm\nop destroy\nop destroy\n",
	  "bad:9: expected nothing after operation \"destroy\", found another one" },
};

/* Host lines. */
static const struct sim_bad_recording bad_host_lines[] = {
	{ EVENT("  host page gfn=0x10000000000 pfn=0x1 size=4k writable=1"),
	  "bad:8: host page: expected gfn=<hex number below 2^40>, "
	  "found \"gfn=0x10000000000\"" },
	{ EVENT("  host page gfn=0x1 pfn=0x1 size=8k writable=1"),
	  "bad:8: host page: expected size=<4k, 2m or 1g>, found \"size=8k\"" },
	{ EVENT("  host page gfn=0x1 pfn=0x1 size=4k writable=2"),
	  "bad:8: host page: expected writable=<0 or 1>, found \"writable=2\"" },
	{ EVENT("  host page gfn=0x1 size=4k pfn=0x1 writable=1"),
	  "bad:8: host page: expected pfn=<hex number below 2^40>, found \"size=4k\"" },
	{ EVENT("  host unmap 0x2000 0x2000"),
	  "bad:8: host unmap: the range must end after its start, "
	  "found \"host unmap 0x2000 0x2000\"" },
	{ EVENT("  host age 0x2000"),
	  "bad:8: host age: expected <hex number>, found the end of the line" },
	{ EVENT("  host test_age 0x2000 0x3000"),
	  "bad:8: host test_age: expected the end of the line, found \"0x3000\"" },
	{ EVENT("  host set_pte 4096"),
	  "bad:8: host set_pte: expected <hex number>, found \"4096\"" },
	{ EVENT("  host map 0x200000 size=4k"),
	  "bad:8: host map: expected size=<2m or 1g>, found \"size=4k\"" },
	{ EVENT("  host swap 0x200000"),
	  "bad:8: expected an event, a result or a host line, found \"host swap\"" },
};

/* Events. */
static const struct sim_bad_recording bad_events[] = {
	{ EVENT("  spt as=0"),
	  "bad:8: expected an event, a result or a host line, found \"spt\"" },
	{ EVENT("  spte as=2 gfn=0x0 level=1 old=0x0 new=0x0"),
	  "bad:8: spte: expected as=<0 or 1>, found \"as=2\"" },
	{ EVENT("  spte gfn=0x0 level=1 old=0x0 new=0x0"),
	  "bad:8: spte: expected as=<0 or 1>, found \"gfn=0x0\"" },
	{ EVENT("  spte as=0 as=0 gfn=0x0 level=1 old=0x0 new=0x0"),
	  "bad:8: spte: expected gfn=<hex number below 2^40>, found \"as=0\"" },
	{ EVENT("  spte as=0 gfn=0x0 level=6 old=0x0 new=0x0"),
	  "bad:8: spte: expected level=<1 to 5>, found \"level=6\"" },
	{ EVENT("  spte as=0 gfn=0x0 level=5 old=0x0 new=0x0"),
	  "bad:8: spte: expected a level up to 4, which the head gives, found 5" },
	{ EVENT("  spte as=0 gfn=0x0 level=1 old=0x0"),
	  "bad:8: spte: expected new=<hex number, or Tn|hex without frame bits>, "
	  "found the end of the line" },
	{ EVENT("  spte as=0 gfn=0x0 level=1 old=0x0 new=T0|0x827"),
	  "bad:8: spte: expected new=<hex number, or Tn|hex without frame bits>, "
	  "found \"new=T0|0x827\"" },
	{ EVENT("  spte as=0 gfn=0x0 level=1 old=0x0 new=T1|0x1827"),
	  "bad:8: spte: expected new=<hex number, or Tn|hex without frame bits>, "
	  "found \"new=T1|0x1827\"" },
	{ EVENT("  spte as=0 gfn=0x0 level=1 old=0x0 new=0x12345678901234567"),
	  "bad:8: spte: expected new=<hex number, or Tn|hex without frame bits>, "
	  "found \"new=0x12345678901234567\"" },
	{ EVENT("  spte as=0 gfn=0x0 level=1 old=0x0 new=0x5a0 run=1"),
	  "bad:8: spte: expected run=<2 to 134217728>, found \"run=1\"" },
	{ EVENT("  spte as=0 gfn=0x0 level=1 old=0x0 new=0x5a0 run=134217729"),
	  "bad:8: spte: expected run=<2 to 134217728>, found \"run=134217729\"" },
	{ EVENT("  spte as=0 gfn=0x0 level=1 old=0x0 new=0x5a0 run=2 run=2"),
	  "bad:8: spte: expected the end of the line, found \"run=2\"" },
	{ EVENT("  spte as=0 gfn=0xffffffffff level=1 old=0x0 new=0x5a0 run=2"),
	  "bad:8: spte: the run goes beyond gfn 2^40, "
	  "found \"spte as=0 gfn=0xffffffffff level=1 old=0x0...\"" },
	{ EVENT("  spte as=0 gfn=0x0 level=2 old=0x0 new=T1|0x7 run=2"),
	  "bad:8: spte: entries that point to page tables do not fold (run= with Tn), "
	  "found \"spte as=0 gfn=0x0 level=2 old=0x0 new=T1|0...\"" },
	{ EVENT("  set_spte gfn=0x0 level=1 spte=0x7 access=rwux"),
	  "bad:8: set_spte: expected access=<letters of rwxu, or - in their place>, "
	  "found \"access=rwux\"" },
	{ EVENT("  page_fault vcpu=1024 gpa=0x0 error=0x0"),
	  "bad:8: page_fault: expected vcpu=<0 to 1023>, found \"vcpu=1024\"" },
	{ EVENT("  page_fault vcpu=0 gpa=0x10000000000000 error=0x0"),
	  "bad:8: page_fault: expected gpa=<hex number below 2^52>, "
	  "found \"gpa=0x10000000000000\"" },
	{ EVENT("  page_fault vcpu=0 gpa=0x0 error=4"),
	  "bad:8: page_fault: expected error=<hex number>, found \"error=4\"" },
	{ EVENT("  spte_requested gfn=0x0 pfn=nine level=1"),
	  "bad:8: spte_requested: expected pfn=<hex number below 2^40, or none>, "
	  "found \"pfn=nine\"" },
	{ EVENT("  get_page gfn=0x0 level=1 role=direct,xuw,nxe,ad"),
	  "bad:8: get_page: expected role=<direct,access as wux,[invalid,]nxe or !nxe,"
	  "ad or !ad>, found \"role=direct,xuw,nxe,ad\"" },
	{ EVENT("  prepare_zap_page gfn=0x0 level=1 role=wux,nxe,ad"),
	  "bad:8: prepare_zap_page: expected role=<direct,access as wux,[invalid,]nxe or "
	  "!nxe,ad or !ad>, found \"role=wux,nxe,ad\"" },
	{ EVENT("  fast_page_fault vcpu=0 gpa=0x0 old=0x0 new=0x0 spurious=0"),
	  "bad:8: fast_page_fault: expected fixed=<0 or 1>, found the end of the line" },
	{ EVENT("  mark_mmio_spte gfn=0x0 access=8 gen=0x0"),
	  "bad:8: mark_mmio_spte: expected access=<0 to 7>, found \"access=8\"" },
	{ EVENT("  check_mmio_spte spte=T1|0x7 kvm_gen=0x0 spte_gen=0x0 valid=1"),
	  "bad:8: check_mmio_spte: expected spte=<hex number>, found \"spte=T1|0x7\"" },
	{ EVENT("  split_huge_page gfn=0x0 spte=0x7 level=2 errno=-12"),
	  "bad:8: split_huge_page: expected errno=<0 to 4095>, found \"errno=-12\"" },
	{ EVENT("  zap_root level=5 shared=1"),
	  "bad:8: zap_root: expected a level up to 4, which the head gives, found 5" },
	{ EVENT("  zap_all_fast 1"),
	  "bad:8: zap_all_fast: expected the end of the line, found \"1\"" },
};

/* Results: what they say, and where they stand. */
static const struct sim_bad_recording bad_results[] = {
	{ EVENT("  ret 1"), "bad:8: ret: expected <0, or -1 to -4095>, found \"1\"" },
	{ EVENT("  ret 0\n  ret 0"),
	  "bad:9: expected \"ret\" once in an operation, found it again" },
	{ EVENT("  exit mmio fetch gpa 0x0 len 8"),
	  "bad:8: exit mmio: expected <read or write>, found \"fetch\"" },
	{ EVENT("  exit mmio read gpa=0x0 len 8"),
	  "bad:8: exit mmio: expected gpa <hex number below 2^52>, found \"gpa=0x0\"" },
	{ EVENT("  exit mmio read gpa 0x0 len 9"),
	  "bad:8: exit mmio: expected len <1 to 8>, found \"len 9\"" },
	{ EVENT("  exit error 0"), "bad:8: exit error: expected <1 to 4095>, found \"0\"" },
	{ EVENT("  exit hlt"),
	  "bad:8: expected an event, a result or a host line, found \"exit hlt\"" },
	{ EVENT("  exit smm"),
	  "bad:8: expected \"exit smm\" in operation \"smi\", found it in \"vm\"" },
	{ EVENT("  dirty 0-0"),
	  "bad:8: expected \"dirty\" in operation \"dirty-get\", found it in \"vm\"" },
	{ HEAD "op vm\nop dirty-get 0\n  dirty 5-4\n" TAIL,
	  "bad:9: dirty: the last page must not come before the first, "
	  "found \"dirty 5-4\"" },
	{ HEAD "op vm\nop dirty-get 0\n  dirty 5\n" TAIL,
	  "bad:9: dirty: expected -<number>, found the end of the line" },
	{ EVENT("  flush_remote_tlbs\n  ret 0"),
	  "bad:9: expected results, then events, then statistics, "
	  "found \"ret\" after events" },
};

/* Statistics: their owners, names, values and order. */
static const struct sim_bad_recording bad_statistics[] = {
	{ EVENT("  stat vm pf_taken +1"),
	  "bad:8: stat: this is a statistic of a vCPU, not of the vm, "
	  "found \"stat vm pf_taken +1\"" },
	{ EVENT("  stat vcpu0 pages_4k +1"),
	  "bad:8: stat: this is a statistic of the vm, not of a vCPU, "
	  "found \"stat vcpu0 pages_4k +1\"" },
	{ EVENT("  stat vm pages_512g +1"),
	  "bad:8: stat: expected <name of a statistic>, found \"pages_512g\"" },
	{ EVENT("  stat cpu0 pf_taken +1"),
	  "bad:8: stat: expected <vm, or vcpu0 to vcpu1023>, found \"cpu0\"" },
	{ EVENT("  stat vm pages_4k 1"),
	  "bad:8: stat: expected <+N or -N, not zero>, found \"1\"" },
	{ EVENT("  stat vm pages_4k +0"),
	  "bad:8: stat: expected <+N or -N, not zero>, found \"+0\"" },
	{ EVENT("  stat vm pages_4k +1\n  stat vm pages_4k +1"),
	  "bad:9: expected statistics in their order and each once, "
	  "found \"pages_4k\" after \"pages_4k\"" },
	{ EVENT("  stat vcpu0 pf_taken +1\n  stat vm pages_4k +1"),
	  "bad:9: expected statistics in their order and each once, "
	  "found \"pages_4k\" after \"pf_taken\"" },
	{ EVENT("  stat vcpu1 pf_taken +1\n  stat vcpu0 pf_fixed +1"),
	  "bad:9: expected statistics in their order and each once, "
	  "found \"pf_fixed\" after \"pf_taken\"" },
	{ EVENT("  stat vm pages_4k +1\n  flush_remote_tlbs"),
	  "bad:9: expected results, then events, then statistics, "
	  "found \"flush_remote_tlbs\" after statistics" },
};

#endif /* TESTS_BAD_RECORDINGS_H */
