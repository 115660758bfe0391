// SPDX-License-Identifier: GPL-2.0-only
/*
 * Prints what the compiler makes of <linux/iommufd.h>. Built once with our
 * header and once with the kernel's: the two outputs must be the same.
 */
#include <linux/iommufd.h>
#include <stddef.h>
#include <stdio.h>

#include "layout.h"

#define DUMP_SIZE(s, n) printf("%s size %zu align %zu\n", #s, sizeof(struct s), _Alignof(struct s));
#define DUMP_OFFSET(s, f, n) \
	printf("%s.%s at %zu size %zu\n", #s, #f, offsetof(struct s, f), sizeof(((struct s *)0)->f));
#define DUMP_VALUE(name, n) printf("%s = %#x\n", #name, (unsigned int)(name));

int main(void)
{
	UAPI_STRUCTS(DUMP_SIZE, DUMP_OFFSET)
	UAPI_VALUES(DUMP_VALUE)
	return 0;
}
