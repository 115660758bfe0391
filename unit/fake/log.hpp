// SPDX-License-Identifier: GPL-2.0-only
// bridge/log.h: rejected requests are kept for the tests, a WARN is a problem.
#pragma once
#include <string>
#include <vector>

namespace fake {

// "IOAS_MAP: -22: length is 0"
const std::string &last_rejection();
// All of them since the machine was made.
const std::vector<std::string> &rejections();
unsigned device_warnings();
unsigned faults_dropped(); // page requests
void reset_log();

} // namespace fake
