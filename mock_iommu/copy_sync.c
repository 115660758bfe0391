// SPDX-License-Identifier: GPL-2.0-only
/* bridge/sync.c once more: an object belongs to one module, and iommufd.ko does not export its bridge. */
#include "bridge/sync.c"
