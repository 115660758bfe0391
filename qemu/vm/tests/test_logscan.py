# SPDX-License-Identifier: GPL-2.0-only
"""Each kind of report is found; a quiet boot and injected faults are not reports."""

import unittest

from vm import logscan

# The first lines of reports, one for each kind
REPORTS = """\
WARNING: CPU: 0 PID: 1 at drivers/iommu/iommufd/main.c:12 f+0x1/0x2 [iommufd]
------------[ cut here ]------------
kernel BUG at mm/slub.c:553!
BUG: kernel NULL pointer dereference, address: 0000000000000008
BUG: unable to handle page fault for address: ffffffffc0a00000
BUG: sleeping function called from invalid context at mm/slab.h:321
BUG: scheduling while atomic: sh/77/0x00000002
BUG: spinlock bad magic on CPU#0, sh/77
BUG: workqueue leaked atomic, lock or RCU: kworker/0:1[10]
BUG: KASAN: slab-use-after-free in f+0x12/0x34 [iommufd]
BUG: KFENCE: use-after-free read in f+0x12/0x34
BUG kmalloc-64 (Tainted: G    B      OE     ): Left Redzone overwritten
BUG: Bad page state in process sh  pfn:12345
BUG: Bad rss-counter state mm:00000000f1 type:MM_ANONPAGES val:3
BUG: MAX_LOCKDEP_ENTRIES too low!
watchdog: BUG: soft lockup - CPU#1 stuck for 26s! [sh:77]
Oops: 0000 [#1] PREEMPT SMP KASAN NOPTI
Oops: general protection fault, probably for non-canonical address 0xdffffc0000000001: 0000
general protection fault, maybe for address 0x0: 0000 [#1] SMP
divide error: 0000 [#1] SMP
KASAN: null-ptr-deref in range [0x0000000000000008-0x000000000000000f]
UBSAN: shift-out-of-bounds in lib/x.c:12:3
UBSAN: array-index-out-of-bounds in lib/x.c:12:3
WARNING: possible circular locking dependency detected
WARNING: possible recursive locking detected
WARNING: possible irq lock inversion dependency detected
WARNING: inconsistent lock state
WARNING: SOFTIRQ-safe -> SOFTIRQ-unsafe lock order detected
WARNING: HARDIRQ-safe -> HARDIRQ-unsafe lock order detected
WARNING: bad unlock balance detected!
WARNING: held lock freed!
WARNING: lock held when returning to user space!
WARNING: sh/77 still has locks held!
WARNING: Nested lock was not taken
WARNING: suspicious RCU usage
INFO: trying to register non-static key.
kmemleak: 3 new suspected memory leaks (see /sys/kernel/debug/kmemleak)
kmemleak: unreferenced object 0xffff888003a4c000 (size 64):
kmemleak: Kernel memory leak detector disabled
kmemleak: Memory pool empty, consider increasing CONFIG_DEBUG_KMEMLEAK_MEM_POOL_SIZE
refcount_t: underflow; use-after-free.
INFO: task sh:77 blocked for more than 120 seconds.
rcu: INFO: rcu_sched self-detected stall on CPU
rcu: INFO: rcu_preempt detected stalls on CPUs/tasks:
rcu: rcu_sched kthread starved for 2100 jiffies! g1 f0x0 RCU_GP_WAIT_FQS(5)
ODEBUG: free active (active state 0) object: 00000000f1 object type: work_struct hint: f+0x0
ODEBUG: Out of memory. ODEBUG disabled
list_del corruption. prev->next should be ffff888003a4c000, but was 0000000000000000
list_add double add: new=ffff888003a4c000, prev=ffff888003a4c000
irq 16: nobody cared (try booting with the "irqpoll" option)
kmem_cache_destroy iommufd: Slab cache still has objects when called from f+0x1/0x2
sysfs: cannot create duplicate filename '/class/misc/iommu'
Device 'x' does not have a release() function, it is broken and must be fixed.
page dumped because: VM_BUG_ON_PAGE(page_ref_count(page) == 0)
Kernel panic - not syncing: sysrq triggered crash
vm: failure: module does not unload: vfio 45056 1 - Live 0x0000000000000000
""".splitlines()

# Ordinary lines of the kernels that we boot, and look-alikes
QUIET = """\
Linux version 6.12.117-test (root@vm) (gcc (Debian 12.2.0-14) 12.2.0) #1 SMP
Command line: console=ttyS0 intel_iommu=on,sm_on panic=-1 oops=panic hung_task_panic=0
ACPI: Early table checksum verification disabled
PCI: Using host bridge windows from ACPI; if necessary, use "pci=nocrs" and report a bug
[Firmware Bug]: TSC doesn't count with P0 frequency!
printk: debug: ignoring loglevel setting.
Spectre V2 : WARNING: Unprivileged eBPF is enabled with eIBRS on, data leaks possible
kmemleak: Kernel memory leak detector initialized (mem pool available: 39340)
kmemleak: Automatic memory scanning thread started
[    0.000000] kmemleak: Kernel memory leak detector disabled
ODEBUG: selftest passed
ODEBUG: 12 of 12 active objects replaced
kasan: KernelAddressSanitizer initialized
Lock dependency validator: Copyright (c) 2006 Red Hat, Inc., Ingo Molnar
rcu: RCU lockdep checking is enabled.
iommufd: loading out-of-tree module taints kernel.
iommufd: module verification failed: signature and/or required key missing - tainting kernel
DMAR: DRHD: handling fault status reg 2
DMAR: [DMA Write NO_PASID] Request device [00:10.0] fault addr 0x1000 [fault reason 0x71]
traps: bad[77] general protection fault ip:401000 sp:7ffc error:0 in bad[401000+1000]
sh[77]: segfault at 0 ip 0000000000401000 sp 00007ffc error 4 in sh[401000+1000]
clocksource: Marking clocksource 'tsc' unstable because the skew is too large
hrtimer: interrupt took 12345678 ns
FAULT_INJECTION: forcing a failure.
name failslab, interval 0, probability 0, space 0, times 0
CPU: 1 UID: 0 PID: 77 Comm: fail_nth Tainted: G           OE      6.12.117-test #1
Call Trace:
 <TASK>
 dump_stack_lvl+0x36/0x50
 should_fail_ex.cold+0x32/0x37
fail_nth: page allocation failure: order:0, mode:0xcc0(GFP_KERNEL), nodemask=(null)
vm: command ended with status 0
DEBUG: not one either
""".splitlines()


class LogScanTest(unittest.TestCase):
    """Headers with and without time stamps and callers."""

    def test_every_kind_is_found(self):
        for line in REPORTS:
            for prefix in ("", "[    1.234567] ", "[12345.678901][   T12] "):
                with self.subTest(line=prefix + line):
                    self.assertEqual(len(logscan.reports([prefix + line])), 1)

    def test_quiet_lines_are_quiet(self):
        for line in QUIET:
            for prefix in ("", "[    1.234567] "):
                with self.subTest(line=prefix + line):
                    self.assertEqual(logscan.reports([prefix + line]), [])

    def test_a_report_ends_with_its_trace(self):
        lines = ["a", "------------[ cut here ]------------", "WARNING: CPU: 0", " trace",
                 "---[ end trace 0 ]---", "b", "kernel BUG at x.c:1!"]
        found = logscan.reports(lines)
        self.assertEqual([r[0] for r in found], [lines[1], lines[6]])
        self.assertEqual(len(found[0]), 4)

    def test_description_names_the_log_and_is_bounded(self):
        text = logscan.describe(logscan.reports(REPORTS * 30), "/the/log")
        self.assertIn("/the/log", text)
        self.assertLess(len(text.splitlines()), 200)
