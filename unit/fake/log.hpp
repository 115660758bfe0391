// SPDX-License-Identifier: GPL-2.0-only
// bridge/log.h: the last rejected request is kept for the tests' messages, a WARN is a problem.
#pragma once
#include <string>

namespace fake {

// "IOAS_MAP: -22: length is 0"
const std::string &last_rejection();
unsigned device_warnings();
unsigned faults_dropped(); // page requests
void reset_log();

} // namespace fake
