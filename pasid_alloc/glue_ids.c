// SPDX-License-Identifier: GPL-2.0-only
/* <linux/xarray.h> as a table of ids that somebody else chose, <linux/idr.h> */
#include <linux/idr.h>
#include <linux/xarray.h>

#include "pasid_alloc/glue.h"

void px_table_init(struct xarray *xa) { xa_init(xa); }

void px_table_destroy(struct xarray *xa) { xa_destroy(xa); }

int px_table_insert(struct xarray *xa, unsigned int id, void *entry) { return xa_insert(xa, id, entry, GFP_KERNEL); }

int px_table_insert_marked(struct xarray *xa, unsigned int id, void *entry)
{
	int rc = xa_insert(xa, id, entry, GFP_KERNEL);

	if (!rc)
		xa_set_mark(xa, id, XA_MARK_0);
	return rc;
}

void *px_table_erase(struct xarray *xa, unsigned int id) { return xa_erase(xa, id); }

void *px_table_find(struct xarray *xa, unsigned int id) { return xa_load(xa, id); }

void *px_table_first(struct xarray *xa, unsigned long *id, unsigned long last)
{
	return xa_find(xa, id, last, XA_PRESENT);
}

void *px_table_first_marked(struct xarray *xa, unsigned long *id, unsigned long last)
{
	return xa_find(xa, id, last, XA_MARK_0);
}

void px_set_init(struct ida *ida) { ida_init(ida); }

void px_set_destroy(struct ida *ida) { ida_destroy(ida); }

int px_set_take(struct ida *ida, unsigned int min, unsigned int max, unsigned int *id)
{
	int rc = ida_alloc_range(ida, min, max, GFP_KERNEL);

	if (rc < 0)
		return rc;
	*id = rc;
	return 0;
}

void px_set_give(struct ida *ida, unsigned int id) { ida_free(ida, id); }
