/* SPDX-License-Identifier: GPL-2.0-only */
#pragma once
#include "bridge/bridge.h"

KX_DECLS_BEGIN
void kx_log_rejected(const char *what, int error, const char *why);
/* rate limited */
void kx_log_faults_dropped(unsigned int requests);
void kx_log_device_warning(struct device *dev, const char *text);
int kx_warn(const char *condition, const char *file, int line);
void kx_bug(const char *why);
KX_DECLS_END
