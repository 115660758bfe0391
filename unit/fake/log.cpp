// SPDX-License-Identifier: GPL-2.0-only
// The kernel log; see log.hpp.
#include "fake/log.hpp"

#include <cstdio>
#include <cstdlib>

#include "bridge/log.h"
#include "fake/fault.hpp"

namespace {

std::vector<std::string> rejected;
unsigned warned, dropped;

} // namespace

const std::string &fake::last_rejection()
{
	static const std::string kNone;
	return rejected.empty() ? kNone : rejected.back();
}
const std::vector<std::string> &fake::rejections() { return rejected; }
unsigned fake::device_warnings() { return warned; }
unsigned fake::faults_dropped() { return dropped; }

void fake::reset_log()
{
	rejected.clear();
	warned = dropped = 0;
}

void kx_log_rejected(const char *what, int error, const char *why)
{
	rejected.push_back(std::string(what) + ": " + std::to_string(error) + ": " + why);
}

void kx_log_faults_dropped(unsigned requests) { dropped += requests; }

void kx_log_device_warning(device *, const char *) { warned++; }

int kx_warn(const char *condition, const char *file, int line)
{
	if (!fake::swallow_warning())
		fake::problem("WARN_ON(%s) at %s:%d", condition, file, line);
	return 1;
}

void kx_bug(const char *why)
{
	fprintf(stderr, "BUG: %s\n", why);
	abort();
}
