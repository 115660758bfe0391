// SPDX-License-Identifier: GPL-2.0-only
// Everything that can be observed of the fake kernel and of the open contexts, as text: what a failed call must leave
// as it was.
#pragma once
#include <string>
#include <vector>

#include "iommufd/context.hpp"

namespace test {

std::string describe(iommufd::Context &context);
// The contexts, then domains, groups, pins, charges and references.
std::string describe_all(const std::vector<iommufd::Context *> &contexts);
// What is mapped has its pages in each domain, and nothing else is; what somebody needs is pinned and charged once, and
// nothing else is. For a machine with one context. Problems are reported as test failures.
void check_consistency(iommufd::Context &context);

} // namespace test
