// SPDX-License-Identifier: GPL-2.0-only
// Faults and problems; see fault.hpp.
#include "fake/fault.hpp"

#include <cstdarg>
#include <cstdio>

#include <gtest/gtest.h>

namespace fake {

namespace {

Fault armed = Fault::kNone;
unsigned left;
bool happened;
bool warnings_expected;
unsigned warnings;

} // namespace

void arm(Fault kind, unsigned nth)
{
	armed = kind;
	left = nth;
	happened = false;
}

void disarm() { armed = Fault::kNone; }

bool is_armed() { return armed != Fault::kNone; }

bool fired() { return happened; }

bool step(Fault kind)
{
	if (armed != kind || happened || --left)
		return false;
	happened = true;
	return true;
}

void problem(const char *format, ...)
{
	char text[512];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	ADD_FAILURE() << text;
}

ExpectWarnings::ExpectWarnings()
{
	warnings_expected = true;
	warnings = 0;
}

ExpectWarnings::~ExpectWarnings() { warnings_expected = false; }

unsigned ExpectWarnings::count() const { return warnings; }

bool swallow_warning()
{
	warnings += warnings_expected;
	return warnings_expected;
}

} // namespace fake
