/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SIM_SHOW_H
#define SIM_SHOW_H

#include <stdbool.h>
#include <stdio.h>

struct kvm;

/**
 * sim_show_tables() - print the page tables of a VM.
 * @out: where to
 * @kvm: the VM; nobody changes its tables meanwhile
 * @dot: as a graph in the language of Graphviz, else as a tree
 *
 * One line an entry, with the guest-physical addresses that it translates, its level
 * and its value in words.  Neighbours with the same bits whose frames follow each
 * other are one line, with the number of entries ("x512"); the frame is that of the
 * first.  Empty entries are counted at the end of their table.  Tables are numbered
 * T1, T2 and so on in the order of the tree, through all roots; their frames, an
 * accident of the run, are not shown.  Roots come newest first, invalid ones too.
 */
void sim_show_tables(FILE *out, struct kvm *kvm, bool dot);

#endif /* SIM_SHOW_H */
