/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the fuzzer's programs are made of.
 *
 * A program is a list of calls. What a call gives out (an id, a descriptor, an IOVA) goes into a register that the program
 * names, of a type: ioas0 .. ioas3, hwpt0 .. hwpt3; later calls read it. A register that nothing was stored in is 0, or -1
 * for a descriptor; nothing empties it, so an object that was destroyed is still named. So every program can be run,
 * whatever was taken out of it or put in.
 *
 * Calls run one after the other, up to the first one of thread b: from there on the rest of the main thread's and all of
 * b's run at the same time. A call of "c" is made by a child process that exits after it.
 */
#ifndef SELFTESTS_FUZZ_MODEL_H
#define SELFTESTS_FUZZ_MODEL_H

#include <linux/types.h>
#include <stdbool.h>
#include <stddef.h>

enum reg_type {
	R_IOMMU, /* descriptors, up to R_LAST_FD */
	R_ACCESS,
	R_FAULTFD,
	R_VEVENTFD,
	R_MEMFD,
	R_DMABUF,
	R_LAST_FD = R_DMABUF,
	R_IOAS, /* ids */
	R_DEV,
	R_STDEV,
	R_HWPT,
	R_FAULT,
	R_VIOMMU,
	R_VDEVICE,
	R_VEVENTQ,
	R_HWQUEUE,
	R_PIN,
	R_COOKIE, /* of a group of page requests */
	R_PARENT, /* of a mock device, for other descriptors */
	R_IOVA,
	R_REGION, /* offset for mmap() */
	R_MAPPED, /* address of such a mapping */
	R_TYPES,
	R_NONE = 255,
};

enum { REGS = 4 }; /* of each type */

enum kind {
	INT,   /* one of values, mostly */
	FLAGS, /* some of values, or-ed */
	IN,    /* a register of one of the types in regs */
	OUT,   /* where to store what comes out */
	IOVA,
	LENGTH,
	VA,   /* an address in the memory that programs play with */
	DATA, /* DATA_AT, DATA_END or an address */
	SIZE, /* of the structure */
	FIXED, /* values[0] */
};

enum where {
	PARAM,	/* of the call itself: a descriptor, a length */
	STRUCT, /* a field of the ioctl's structure */
	EXTRA,	/* a field of the data that a field of kind DATA points to */
	RESULT, /* what the call returns */
};

/* Values of fields of kind DATA: the call's own data, at the beginning of a page, or so that they end with one */
#define DATA_AT	 0xda7a000000000001ULL
#define DATA_END 0xda7a000000000002ULL

struct field {
	const char *name;
	__u8 kind, where, bytes, count;
	__u8 regs[3]; /* enum reg_type + 1, 0: none */
	__u16 at;
	const __u64 *values;
};

enum { MAX_FIELDS = 16, MAX_CALLS = 32, EXTRA_BYTES = 256 };

struct desc {
	const char *name;
	unsigned long cmd; /* 0: not an ioctl */
	__u16 size;	   /* of the structure; 0: the argument is values, see PARAM "arg" */
	__u16 extra;	   /* bytes of the data */
	__u8 weight, fields;
	const struct field *field;
	/* what is no ioctl: values of the fields, in order; result or -errno */
	long (*run)(const __u64 *v);
};

enum thread { THREAD_A, THREAD_B, CHILD, THREADS };

struct call {
	__u16 desc;
	__u8 thread;
	__u8 fail_nth;	/* not 0: the n-th step that can fail does */
	__u32 is_reg;	/* a bit for each field: v is type << 8 | number of a register */
	__u64 v[MAX_FIELDS];
};

struct prog {
	__u32 n;
	struct call call[MAX_CALLS];
};

/* The memory that programs play with; what lies above is not mapped */
#define PAGE	     4096ULL
#define ARENA	     0x20000000ULL
#define ARENA_PAGES  96
#define ARENA_SHARED 48 /* from this page on a memfd's, shared */
#define ARENA_RO     80 /* from this page on not writable */

extern const struct desc *const descs[];
extern const unsigned int desc_count;

static inline bool is_fd(unsigned int type) { return type <= R_LAST_FD; }
/* value of a call's field if nobody chose another */
__u64 field_default(const struct desc *d, unsigned int i, bool *is_reg);
/* index of a call's description by name, or -1 */
int desc_find(const char *name);

/* text.c: one call in a line. Parsing: 0, or -1 with a line on standard error */
const char *reg_name(unsigned int type);
int prog_print(const struct prog *p, char *text, size_t room);
int prog_parse(const char *text, struct prog *p);
/* Cuts at the next empty line; the rest, or NULL at the end */
char *prog_cut(char *text);

#endif /* SELFTESTS_FUZZ_MODEL_H */
