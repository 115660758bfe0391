// SPDX-License-Identifier: GPL-2.0-only
// Life of an IOAS; what it does is in io_pagetable.cpp.
#include "iommufd/hwpt.hpp"

namespace iommufd {

namespace {

constinit kern::LockClass ioas_class("iommufd Ioas::lock");

} // namespace

Ioas::Ioas() : Object(kType), lock_(ioas_class) {}

Ioas::~Ioas() { WARN_ON(!hwpts_.empty()); }

} // namespace iommufd
