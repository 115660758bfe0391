// SPDX-License-Identifier: GPL-2.0-only
// Faults that a test orders, and problems that the fakes find.
//
// Every step of the fake kernel that can fail asks step(); a test arms one fault at a time: "the nth step of that kind
// fails". A problem is a broken rule of the kernel (sleeping in atomic context, unpinning what was not pinned, a WARN):
// it fails the running test.
#pragma once

namespace fake {

enum class Fault {
	kNone,
	kAlloc,    // kx_alloc(), kx_alloc_try(), an id, a domain, page tables: ENOMEM
	kGup,      // the nth page to be pinned; stays unreachable until disarm()
	kMap,      // the nth call of kx_domain_map()
	kUserCopy, // the nth copy from or to user memory
	kAttach,   // the nth attach or replace in the IOMMU core
	kHook,     // the nth question whether a step is to fail, to the test hook (see fail_each())
};

void arm(Fault kind, unsigned nth);
void disarm();
bool is_armed();
// Did the armed fault happen?
bool fired();
// For the fakes: one more step of that kind; true: it has to fail.
bool step(Fault kind);

[[gnu::format(printf, 1, 2)]] void problem(const char *format, ...);

// While it lives, WARNs are expected and counted, not problems.
class ExpectWarnings {
public:
	ExpectWarnings();
	~ExpectWarnings();
	ExpectWarnings(const ExpectWarnings &) = delete;
	unsigned count() const;
};
bool swallow_warning();

} // namespace fake
