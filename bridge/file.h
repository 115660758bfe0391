/* SPDX-License-Identifier: GPL-2.0-only */
#pragma once
#include "bridge/bridge.h"

KX_DECLS_BEGIN
void kx_file_get(struct file *file);
void kx_file_put(struct file *file);
struct file *kx_file_from_fd(int fd);
bool kx_file_is_ours(const struct file *file);
void *kx_file_private(const struct file *file);
KX_DECLS_END
