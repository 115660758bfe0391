/* SPDX-License-Identifier: GPL-2.0-only */
/* How the calls are described: one line for each field. */
#ifndef SELFTESTS_FUZZ_DESCRIBE_H
#define SELFTESTS_FUZZ_DESCRIBE_H

#include "model.h"

#define LIST(...) (const __u64[]){__VA_ARGS__}
#define COUNT(...) (sizeof(LIST(__VA_ARGS__)) / sizeof(__u64))
#define VALUES(...) .values = LIST(__VA_ARGS__), .count = COUNT(__VA_ARGS__)
#define AT(type, member) .at = offsetof(struct type, member), .bytes = sizeof(((struct type *)NULL)->member)

/* Fields of the structure */
#define S_SIZE		      {.name = "size", .kind = SIZE, .where = STRUCT, .at = 0, .bytes = 4}
#define S_INT(t, m, ...)      {.name = #m, .kind = INT, .where = STRUCT, AT(t, m), VALUES(__VA_ARGS__)}
#define S_FLAGS(t, m, ...)    {.name = #m, .kind = FLAGS, .where = STRUCT, AT(t, m), VALUES(__VA_ARGS__)}
#define S_IN(t, m, r)	      {.name = #m, .kind = IN, .where = STRUCT, AT(t, m), .regs = {r + 1}}
#define S_IN2(t, m, r, s)     {.name = #m, .kind = IN, .where = STRUCT, AT(t, m), .regs = {r + 1, s + 1}}
#define S_IN3(t, m, r, s, u)  {.name = #m, .kind = IN, .where = STRUCT, AT(t, m), .regs = {r + 1, s + 1, u + 1}}
#define S_OUT(t, m, r)	      {.name = #m, .kind = OUT, .where = STRUCT, AT(t, m), .regs = {r + 1}}
#define S_KIND(t, m, k)	      {.name = #m, .kind = k, .where = STRUCT, AT(t, m)}
/* Fields of the data */
#define X_KIND(n, k, a, b)    {.name = n, .kind = k, .where = EXTRA, .at = a, .bytes = b}
#define X_INT(n, a, b, ...)   {.name = n, .kind = INT, .where = EXTRA, .at = a, .bytes = b, VALUES(__VA_ARGS__)}
#define X_IN(n, a, b, r)      {.name = n, .kind = IN, .where = EXTRA, .at = a, .bytes = b, .regs = {r + 1}}
#define X_OUT(n, a, b, r)     {.name = n, .kind = OUT, .where = EXTRA, .at = a, .bytes = b, .regs = {r + 1}}
/* Of the call itself */
#define P_IN(n, r)	      {.name = n, .kind = IN, .where = PARAM, .regs = {r + 1}}
#define P_IN2(n, r, s)	      {.name = n, .kind = IN, .where = PARAM, .regs = {r + 1, s + 1}}
#define P_INT(n, ...)	      {.name = n, .kind = INT, .where = PARAM, VALUES(__VA_ARGS__)}
#define P_KIND(n, k)	      {.name = n, .kind = k, .where = PARAM}
#define P_OUT(n, r)	      {.name = n, .kind = OUT, .where = RESULT, .regs = {r + 1}}
#define FD		      P_IN("fd", R_IOMMU)

#define DESC(id, ...) static const struct field id##_fields[] = {__VA_ARGS__}
#define FIELDS(id)    .fields = sizeof(id##_fields) / sizeof(struct field), .field = id##_fields
/* IOCTL(name, number, structure, bytes of data, weight) */
#define IOCTL(id, c, t, x, w) \
	static const struct desc id = {#id, c, sizeof(struct t), x, w, FIELDS(id), NULL}

#endif /* SELFTESTS_FUZZ_DESCRIBE_H */
