// SPDX-License-Identifier: GPL-2.0-only
// bridge/mmap.h: mappings of regions.
#include "bridge/mmap.h"

void kx_vma_set_region(vm_area_struct *, void *, bool) {}
unsigned kx_vma_insert(vm_fault *, unsigned long) { return 0; }
unsigned kx_vma_refuse() { return 2; }
void kx_vma_zap(file *, unsigned long long, unsigned long long) {}
