/* SPDX-License-Identifier: GPL-2.0-only */
/* Where the allocator's C and C++ meet, as bridge/ does for iommufd: px_* is C for C++ to call, pasid_* is C++ for the
 * module to call. The public functions are in include/linux/iommu_pasid_alloc.h.
 */
#pragma once
#include "bridge/bridge.h"

struct ida;
struct module;

KX_DECLS_BEGIN
/* glue_ids.c: a table of what belongs to an id, and a set of ids. Errors as negative errnos. px_table_first() walks
 * over what is empty; px_table_first_marked() does not, and finds what was put in by px_table_insert_marked().
 */
void px_table_init(struct xarray *xa);
void px_table_destroy(struct xarray *xa);
int px_table_insert(struct xarray *xa, unsigned int id, void *entry);
int px_table_insert_marked(struct xarray *xa, unsigned int id, void *entry);
void *px_table_erase(struct xarray *xa, unsigned int id);
void *px_table_find(struct xarray *xa, unsigned int id);
void *px_table_first(struct xarray *xa, unsigned long *id, unsigned long last);
void *px_table_first_marked(struct xarray *xa, unsigned long *id, unsigned long last);
void px_set_init(struct ida *ida);
void px_set_destroy(struct ida *ida);
int px_set_take(struct ida *ida, unsigned int min, unsigned int max, unsigned int *id);
void px_set_give(struct ida *ida, unsigned int id);

/* glue_kernel.c: the kernel's PASIDs, modules, the log */
unsigned int px_max_pasids(struct device *dev);
bool px_lease(struct device *dev, unsigned int *pasid);
void px_return(unsigned int pasid);
bool px_module_get(struct module *module);
void px_module_put(struct module *module);
void px_log_private(const char *consumer);
void px_log_refused(const char *consumer, const char *backend, const char *why);
void px_log_leaks(const char *consumer, unsigned int count);
void px_log_leak(const char *consumer, const char *owner, unsigned int pasid);

/* C++ */
int pasid_module_init(void);
void pasid_module_exit(void);
KX_DECLS_END
