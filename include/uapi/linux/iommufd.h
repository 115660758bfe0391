/* SPDX-License-Identifier: GPL-2.0-only WITH Linux-syscall-note */
/*
 * The user interface of /dev/iommu, compatible with Linux 7.3 (all of it but
 * IOMMU_IOAS_NOIOMMU_GET_PA, which is EOPNOTSUPP) and so with 6.12.
 *
 * Numbers, names and layouts are the kernel's ABI; programs written for the
 * kernel's own header compile against this one without a change. Values that
 * are ours alone begin at 0x80000000.
 *
 * Rules for every call
 *   The argument points to a structure whose first u32, `size`, is the size
 *   that the caller knows. A larger structure is accepted when everything
 *   beyond the kernel's knowledge is zero; a smaller one when it still holds
 *   the fields that the first release of the call had.
 *   Ids name objects of this file descriptor: 31 bits, counted from 1. They
 *   mean nothing to another descriptor.
 *   Ranges marked `start`/`last` include both ends; the others are
 *   `start`/`length` in bytes.
 *
 * Errors for every call
 *   ENOTTY      the call does not exist
 *   EFAULT      a pointer cannot be read or written
 *   E2BIG       a byte that the kernel does not know is not zero
 *   EINVAL      `size` is too small, or a field has an impossible value
 *   EOPNOTSUPP  an unknown flag, a reserved field that is not zero, or a
 *               value that this kernel or this hardware does not offer
 *   ENOENT      no object with this id (or it is of another kind), or
 *               nothing at this IOVA
 *   EOVERFLOW   start + length does not fit
 *   ENOMEM      out of memory
 * The comments below name only what a call adds to this list.
 *
 * Kernel code that may not include <linux/...> defines IOMMUFD_CXX_KERNEL
 * and brings __u8 .. __aligned_u64 and _IO() along.
 */
#ifndef _UAPI_IOMMUFD_H
#define _UAPI_IOMMUFD_H

#ifndef IOMMUFD_CXX_KERNEL
#include <linux/ioctl.h>
#include <linux/types.h>
#endif

#define IOMMUFD_TYPE (';')

/* The size of the structure is not part of the ioctl number. */
enum {
	IOMMUFD_CMD_BASE = 0x80,
	IOMMUFD_CMD_DESTROY = IOMMUFD_CMD_BASE,
	IOMMUFD_CMD_IOAS_ALLOC = 0x81,
	IOMMUFD_CMD_IOAS_ALLOW_IOVAS = 0x82,
	IOMMUFD_CMD_IOAS_COPY = 0x83,
	IOMMUFD_CMD_IOAS_IOVA_RANGES = 0x84,
	IOMMUFD_CMD_IOAS_MAP = 0x85,
	IOMMUFD_CMD_IOAS_UNMAP = 0x86,
	IOMMUFD_CMD_OPTION = 0x87,
	IOMMUFD_CMD_VFIO_IOAS = 0x88,
	IOMMUFD_CMD_HWPT_ALLOC = 0x89,
	IOMMUFD_CMD_GET_HW_INFO = 0x8a,
	IOMMUFD_CMD_HWPT_SET_DIRTY_TRACKING = 0x8b,
	IOMMUFD_CMD_HWPT_GET_DIRTY_BITMAP = 0x8c,
	IOMMUFD_CMD_HWPT_INVALIDATE = 0x8d,
	IOMMUFD_CMD_FAULT_QUEUE_ALLOC = 0x8e,
	IOMMUFD_CMD_IOAS_MAP_FILE = 0x8f,
	IOMMUFD_CMD_VIOMMU_ALLOC = 0x90,
	IOMMUFD_CMD_VDEVICE_ALLOC = 0x91,
	IOMMUFD_CMD_IOAS_CHANGE_PROCESS = 0x92,
	IOMMUFD_CMD_VEVENTQ_ALLOC = 0x93,
	IOMMUFD_CMD_HW_QUEUE_ALLOC = 0x94,
	IOMMUFD_CMD_IOAS_NOIOMMU_GET_PA = 0x95,
};

/*
 * IOMMU_DESTROY: give up an object.
 *   id  in: any object that user space allocated
 * EBUSY: another object or a device still uses it. A bound device belongs to
 * its driver and also answers EBUSY: close the device's descriptor instead.
 */
struct iommu_destroy {
	__u32 size;
	__u32 id;
};
#define IOMMU_DESTROY _IO(IOMMUFD_TYPE, IOMMUFD_CMD_DESTROY)

/*
 * IOMMU_IOAS_ALLOC: a new, empty I/O address space (IOVA -> memory).
 *   flags        in: 0
 *   out_ioas_id  out
 */
struct iommu_ioas_alloc {
	__u32 size;
	__u32 flags;
	__u32 out_ioas_id;
};
#define IOMMU_IOAS_ALLOC _IO(IOMMUFD_TYPE, IOMMUFD_CMD_IOAS_ALLOC)

/* One range of IOVAs, both ends included. */
struct iommu_iova_range {
	__aligned_u64 start;
	__aligned_u64 last;
};

/*
 * IOMMU_IOAS_IOVA_RANGES: which IOVAs may be mapped now. An IOAS starts with
 * all of them; attaching a device takes away what the device or its IOMMU
 * cannot use (interrupt windows, address width), detaching gives it back. Ask
 * again after every attach and detach.
 *   ioas_id             in
 *   num_iovas           in: entries in the array; out: entries there are
 *   __reserved          in: 0
 *   allowed_iovas       in: pointer to an array of struct iommu_iova_range,
 *                       filled as far as it reaches
 *   out_iova_alignment  out: bytes, a power of two from 1 to the page size;
 *                       IOVA and length of every mapping are multiples of it
 * EMSGSIZE: the array is too short; num_iovas says what it takes.
 */
struct iommu_ioas_iova_ranges {
	__u32 size;
	__u32 ioas_id;
	__u32 num_iovas;
	__u32 __reserved;
	__aligned_u64 allowed_iovas;
	__aligned_u64 out_iova_alignment;
};
#define IOMMU_IOAS_IOVA_RANGES _IO(IOMMUFD_TYPE, IOMMUFD_CMD_IOAS_IOVA_RANGES)

/*
 * IOMMU_IOAS_ALLOW_IOVAS: promise to keep these ranges usable. Automatic IOVAs
 * come only from them, and an attach that would take part of them away fails.
 * The whole list is replaced at once, or left alone on an error; an empty list
 * ends the promise.
 *   ioas_id        in
 *   num_iovas      in: entries in the array
 *   __reserved     in: 0
 *   allowed_iovas  in: pointer to an array of struct iommu_iova_range
 * EINVAL: start is not below last, or two ranges overlap. EADDRINUSE: an
 * attached device has reserved part of a range.
 */
struct iommu_ioas_allow_iovas {
	__u32 size;
	__u32 ioas_id;
	__u32 num_iovas;
	__u32 __reserved;
	__aligned_u64 allowed_iovas;
};
#define IOMMU_IOAS_ALLOW_IOVAS _IO(IOMMUFD_TYPE, IOMMUFD_CMD_IOAS_ALLOW_IOVAS)

/* Flags of IOMMU_IOAS_MAP and IOMMU_IOAS_COPY; at least one of the last two. */
enum iommufd_ioas_map_flags {
	IOMMU_IOAS_MAP_FIXED_IOVA = 1 << 0, /* the caller chose the IOVA */
	IOMMU_IOAS_MAP_WRITEABLE = 1 << 1,  /* devices may write */
	IOMMU_IOAS_MAP_READABLE = 1 << 2,   /* devices may read */
};

/*
 * IOMMU_IOAS_MAP: let devices reach a piece of the caller's memory. It stays
 * pinned while a device's page table holds it.
 *   flags       in: enum iommufd_ioas_map_flags
 *   ioas_id     in
 *   __reserved  in: 0
 *   user_va     in: the address in the caller
 *   length      in: bytes
 *   iova        in with FIXED_IOVA; out otherwise (never 0; the offset within
 *               the page is that of user_va)
 * EINVAL: no access flag, length 0, not aligned, or the IOVA is reserved.
 * EEXIST: something is mapped there. ENOSPC: no room for an automatic IOVA.
 * EFAULT: memory that cannot be pinned (unmapped, device memory). ENOMEM also:
 * RLIMIT_MEMLOCK would be exceeded.
 */
struct iommu_ioas_map {
	__u32 size;
	__u32 flags;
	__u32 ioas_id;
	__u32 __reserved;
	__aligned_u64 user_va;
	__aligned_u64 length;
	__aligned_u64 iova;
};
#define IOMMU_IOAS_MAP _IO(IOMMUFD_TYPE, IOMMUFD_CMD_IOAS_MAP)

/*
 * IOMMU_IOAS_MAP_FILE: the same for a file's memory, without a mapping of it
 * in the caller: a memfd or another file of tmpfs or hugetlbfs, or a dma-buf
 * whose exporter lets iommufd have its addresses.
 *   flags, ioas_id, length, iova  as in struct iommu_ioas_map
 *   fd     in: the file
 *   start  in: bytes from the start of the file, the counterpart of user_va
 * EBADF: fd is not open. EINVAL also: another kind of file, or a range that
 * ends beyond the file's end. EACCES: fd is not open for that, as for mmap().
 * EPERM: the file is sealed against writing. ENODEV: the dma-buf's exporter has taken its
 * memory back; when that happens later, the mapping is emptied for good.
 * A dma-buf's memory does not count against RLIMIT_MEMLOCK.
 */
struct iommu_ioas_map_file {
	__u32 size;
	__u32 flags;
	__u32 ioas_id;
	__s32 fd;
	__aligned_u64 start;
	__aligned_u64 length;
	__aligned_u64 iova;
};
#define IOMMU_IOAS_MAP_FILE _IO(IOMMUFD_TYPE, IOMMUFD_CMD_IOAS_MAP_FILE)

/*
 * IOMMU_IOAS_CHANGE_PROCESS: the caller takes over the pins of all IOASes of
 * this descriptor: what was charged to the processes that mapped is charged to
 * it. For a process that hands its devices over to another one.
 *   __reserved  in: 0
 * EINVAL: some mapping is not one of a file's memory. EBUSY: a mapping is just
 * being made (this module waits for it instead). ENOMEM also: the caller's RLIMIT_MEMLOCK would be exceeded. On an error
 * nothing has changed.
 */
struct iommu_ioas_change_process {
	__u32 size;
	__u32 __reserved;
};
#define IOMMU_IOAS_CHANGE_PROCESS _IO(IOMMUFD_TYPE, IOMMUFD_CMD_IOAS_CHANGE_PROCESS)

/*
 * IOMMU_IOAS_NOIOMMU_GET_PA: the physical address behind an IOVA, for devices
 * without an IOMMU. EOPNOTSUPP: devices without an IOMMU are not served here.
 */
struct iommu_ioas_noiommu_get_pa {
	__u32 size;
	__u32 flags;
	__u32 ioas_id;
	__u32 __reserved;
	__aligned_u64 iova;
	__aligned_u64 length;
	__aligned_u64 out_phys;
};
#define IOMMU_IOAS_NOIOMMU_GET_PA _IO(IOMMUFD_TYPE, IOMMUFD_CMD_IOAS_NOIOMMU_GET_PA)

/*
 * IOMMU_IOAS_COPY: map the memory behind a range of one IOAS into another (or
 * the same) one. The memory is shared, pinned and accounted only once.
 *   flags        in: enum iommufd_ioas_map_flags, for the new mapping
 *   dst_ioas_id  in: where the new mapping goes
 *   src_ioas_id  in: where the memory is found
 *   length       in: bytes
 *   dst_iova     as iova of IOMMU_IOAS_MAP
 *   src_iova     in
 * ENOENT also: part of the source range is not mapped. EPERM: WRITEABLE on
 * memory that was mapped without it. Else as IOMMU_IOAS_MAP.
 */
struct iommu_ioas_copy {
	__u32 size;
	__u32 flags;
	__u32 dst_ioas_id;
	__u32 src_ioas_id;
	__aligned_u64 length;
	__aligned_u64 dst_iova;
	__aligned_u64 src_iova;
};
#define IOMMU_IOAS_COPY _IO(IOMMUFD_TYPE, IOMMUFD_CMD_IOAS_COPY)

/*
 * IOMMU_IOAS_UNMAP: take away every mapping inside a range. Mappings are never
 * split: one that reaches beyond the range fails the call.
 *   ioas_id  in
 *   iova     in
 *   length   in: bytes; out: bytes that were unmapped
 * iova 0 with length U64_MAX means everything, and succeeds on an empty IOAS.
 * ENOENT: nothing mapped, or a mapping only partly inside. EBUSY: a mapping is
 * being made or removed by somebody else, or a HW queue uses memory of it.
 * EDEADLOCK: a kernel user of the memory does not let go.
 */
struct iommu_ioas_unmap {
	__u32 size;
	__u32 ioas_id;
	__aligned_u64 iova;
	__aligned_u64 length;
};
#define IOMMU_IOAS_UNMAP _IO(IOMMUFD_TYPE, IOMMUFD_CMD_IOAS_UNMAP)

/*
 * RLIMIT_MODE: who is charged for pinned memory. 0 (at first): the user;
 *   1: the process. For the whole descriptor (object_id 0); to set it takes
 *   CAP_SYS_RESOURCE (EPERM) and a descriptor without objects (EBUSY).
 * HUGE_PAGES: 1 (at first): large pages in the I/O page table where memory
 *   allows; 0: page by page, to be set before something is mapped for a
 *   device (EINVAL). object_id names the IOAS. EADDRINUSE: a mapping is not
 *   aligned to the page size.
 */
enum iommufd_option {
	IOMMU_OPTION_RLIMIT_MODE = 0,
	IOMMU_OPTION_HUGE_PAGES = 1,
};

enum iommufd_option_ops {
	IOMMU_OPTION_OP_SET = 0,
	IOMMU_OPTION_OP_GET = 1,
};

/*
 * IOMMU_OPTION: set or read a setting.
 *   option_id   in: enum iommufd_option
 *   op          in: enum iommufd_option_ops
 *   __reserved  in: 0
 *   object_id   in: see the option
 *   val64       in for SET, out for GET
 */
struct iommu_option {
	__u32 size;
	__u32 option_id;
	__u16 op;
	__u16 __reserved;
	__u32 object_id;
	__aligned_u64 val64;
};
#define IOMMU_OPTION _IO(IOMMUFD_TYPE, IOMMUFD_CMD_OPTION)

enum iommufd_vfio_ioas_op {
	IOMMU_VFIO_IOAS_GET = 0,
	IOMMU_VFIO_IOAS_SET = 1,
	IOMMU_VFIO_IOAS_CLEAR = 2,
};

/*
 * IOMMU_VFIO_IOAS: which IOAS serves the old VFIO container calls, which have
 * no id of their own. CLEAR forgets it without destroying it.
 *   ioas_id     in for SET, out for GET
 *   op          in: enum iommufd_vfio_ioas_op
 *   __reserved  in: 0
 * ENODEV: GET, and none is set.
 */
struct iommu_vfio_ioas {
	__u32 size;
	__u32 ioas_id;
	__u16 op;
	__u16 __reserved;
};
#define IOMMU_VFIO_IOAS _IO(IOMMUFD_TYPE, IOMMUFD_CMD_VFIO_IOAS)

enum iommufd_hwpt_alloc_flags {
	/* nested page tables may be put on top of this one */
	IOMMU_HWPT_ALLOC_NEST_PARENT = 1 << 0,
	/* only devices whose IOMMU tracks dirty pages may attach */
	IOMMU_HWPT_ALLOC_DIRTY_TRACKING = 1 << 1,
	/* fault_id is set: page requests go to that fault queue */
	IOMMU_HWPT_FAULT_ID_VALID = 1 << 2,
	/* may be attached to a PASID, of a device that is itself attached to
	 * nothing or to a HWPT with this flag; needs an IOMMU with PASIDs */
	IOMMU_HWPT_ALLOC_PASID = 1 << 3,
};

/* Bits of a VT-d first-stage PASID entry, as the VT-d specification names them */
enum iommu_hwpt_vtd_s1_flags {
	IOMMU_VTD_S1_SRE = 1 << 0,  /* supervisor requests */
	IOMMU_VTD_S1_EAFE = 1 << 1, /* extended accessed flag */
	IOMMU_VTD_S1_WPE = 1 << 2,  /* write protection for supervisors */
};

/*
 * What IOMMU_HWPT_DATA_VTD_S1 takes: a first-stage page table in the memory
 * that the parent maps.
 *   flags       enum iommu_hwpt_vtd_s1_flags
 *   pgtbl_addr  address of the top table, translated by the parent
 *   addr_width  bits of its input addresses
 *   __reserved  0
 */
struct iommu_hwpt_vtd_s1 {
	__aligned_u64 flags;
	__aligned_u64 pgtbl_addr;
	__u32 addr_width;
	__u32 __reserved;
};

/*
 * What IOMMU_HWPT_DATA_ARM_SMMUV3 takes: the first two double words of a guest's
 * Stream Table Entry (SMMUv3 specification, 5.2), little-endian. Of word 0: V,
 * Cfg, S1Fmt, S1ContextPtr, S1CDMax; of word 1: EATS, S1DSS, S1CIR, S1COR, S1CSH,
 * S1STALLD. EIO: another bit is set, or the entry is not legal.
 */
struct iommu_hwpt_arm_smmuv3 {
	__aligned_le64 ste[2];
};

/* What IOMMU_HWPT_DATA_AMD_GUEST takes: a guest's Device Table Entry */
struct iommu_hwpt_amd_guest {
	__aligned_u64 dte[4];
};

enum iommu_hwpt_data_type {
	IOMMU_HWPT_DATA_NONE = 0,
	IOMMU_HWPT_DATA_VTD_S1 = 1,     /* struct iommu_hwpt_vtd_s1 */
	IOMMU_HWPT_DATA_ARM_SMMUV3 = 2, /* struct iommu_hwpt_arm_smmuv3 */
	IOMMU_HWPT_DATA_AMD_GUEST = 3,  /* struct iommu_hwpt_amd_guest */
};

/*
 * IOMMU_HWPT_ALLOC: a hardware page table (HWPT) for a device. With an IOAS as
 * pt_id the kernel fills it with the mappings of that IOAS; with a parent HWPT,
 * or a vIOMMU that has one, it is a nested one, whose first stage the caller owns.
 *   flags        in: enum iommufd_hwpt_alloc_flags
 *   dev_id       in: a bound device
 *   pt_id        in: an IOAS, a NEST_PARENT HWPT or a vIOMMU
 *   out_hwpt_id  out
 *   __reserved   in: 0
 *   data_type    in: enum iommu_hwpt_data_type; NONE with an IOAS
 *   data_len     in: bytes at data_uptr; 0 exactly for NONE
 *   data_uptr    in: the data that data_type names
 *   fault_id     in: with FAULT_ID_VALID
 *   __reserved2  in: 0
 * EINVAL: pt_id is none of the three (here also instead of ENOENT), data_type
 * and data_len contradict each other, or the vIOMMU is one of another IOMMU than
 * the device's.
 */
struct iommu_hwpt_alloc {
	__u32 size;
	__u32 flags;
	__u32 dev_id;
	__u32 pt_id;
	__u32 out_hwpt_id;
	__u32 __reserved;
	__u32 data_type;
	__u32 data_len;
	__aligned_u64 data_uptr;
	__u32 fault_id;
	__u32 __reserved2;
};
#define IOMMU_HWPT_ALLOC _IO(IOMMUFD_TYPE, IOMMUFD_CMD_HWPT_ALLOC)

enum iommu_hw_info_vtd_flags {
	/* erratum SPR17: no read-only mappings in a parent of nested tables */
	IOMMU_HW_INFO_VTD_ERRATA_772415_SPR17 = 1 << 0,
};

/*
 * Hardware information of type INTEL_VTD.
 *   flags       enum iommu_hw_info_vtd_flags
 *   __reserved  0
 *   cap_reg     the Capability Register, as the VT-d specification defines it
 *   ecap_reg    the Extended Capability Register
 */
struct iommu_hw_info_vtd {
	__u32 flags;
	__u32 __reserved;
	__aligned_u64 cap_reg;
	__aligned_u64 ecap_reg;
};

enum iommu_hw_info_arm_smmuv3_flags {
	/* erratum T264-SMMU-3: send each invalidation and its sync twice */
	IOMMU_HW_INFO_ARM_SMMUV3_ERRATA_REPEAT_TLBI_CFGI = 1 << 0,
};

/*
 * Hardware information of type ARM_SMMUV3: registers as the SMMUv3 specification
 * (6.3) names them.
 *   flags       enum iommu_hw_info_arm_smmuv3_flags
 *   __reserved  0
 * To be used of idr: [0] ST_LEVEL, TERM_MODEL, STALL_MODEL, TTENDIAN, CD2L,
 * ASID16, TTF; [1] SIDSIZE, SSIDSIZE; [3] BBML, RIL; [5] VAX, GRAN64K, GRAN16K,
 * GRAN4K, DS. The rest is the hardware's, and a guest is not to see it.
 */
struct iommu_hw_info_arm_smmuv3 {
	__u32 flags;
	__u32 __reserved;
	__u32 idr[6];
	__u32 iidr;
	__u32 aidr;
};

/*
 * Hardware information of type TEGRA241_CMDQV: fields of its PARAM register.
 *   flags       0
 *   version     of the hardware
 *   log2vcmdqs  virtual command queues, all together
 *   log2vsids   stream id replacements
 *   __reserved  0
 */
struct iommu_hw_info_tegra241_cmdqv {
	__u32 flags;
	__u8 version;
	__u8 log2vcmdqs;
	__u8 log2vsids;
	__u8 __reserved;
};

/* Hardware information of type AMD: the Extended Feature Registers */
struct iommu_hw_info_amd {
	__aligned_u64 efr;
	__aligned_u64 efr2;
};

enum iommu_hw_info_type {
	IOMMU_HW_INFO_TYPE_NONE = 0,           /* the driver tells nothing */
	IOMMU_HW_INFO_TYPE_DEFAULT = 0,        /* in: whatever the driver has */
	IOMMU_HW_INFO_TYPE_INTEL_VTD = 1,      /* struct iommu_hw_info_vtd */
	IOMMU_HW_INFO_TYPE_ARM_SMMUV3 = 2,     /* struct iommu_hw_info_arm_smmuv3 */
	IOMMU_HW_INFO_TYPE_TEGRA241_CMDQV = 3, /* struct iommu_hw_info_tegra241_cmdqv */
	IOMMU_HW_INFO_TYPE_AMD = 4,            /* struct iommu_hw_info_amd */
};

enum iommufd_hw_capabilities {
	/* the two HWPT dirty-tracking calls work */
	IOMMU_HW_CAP_DIRTY_TRACKING = 1 << 0,
	/* with a PASID width above 0: execute / privileged requests enabled */
	IOMMU_HW_CAP_PCI_PASID_EXEC = 1 << 1,
	IOMMU_HW_CAP_PCI_PASID_PRIV = 1 << 2,
	/* the device cannot use ATS; without the bit it may */
	IOMMU_HW_CAP_PCI_ATS_NOT_SUPPORTED = 1 << 3,
};

enum iommufd_hw_info_flags {
	IOMMU_HW_INFO_FLAG_INPUT_TYPE = 1 << 0, /* in_data_type counts */
};

/*
 * IOMMU_GET_HW_INFO: what the IOMMU in front of a device can do.
 *   flags               in: enum iommufd_hw_info_flags
 *   dev_id              in: a bound device
 *   data_len            in: bytes at data_uptr, 0 is fine; out: bytes that
 *                       the kernel has
 *   data_uptr           in: buffer for the typed data; cut when it is too
 *                       short, its rest is zeroed when it is longer
 *   in_data_type        in: with the flag, the type that the caller wants
 *                       (Linux 6.17; here from the start): EOPNOTSUPP when
 *                       the driver has no such data
 *   out_data_type       out: enum iommu_hw_info_type
 *   out_max_pasid_log2  out: bits of a PASID, 0 when PASIDs are off
 *   __reserved          in: 0
 *   out_capabilities    out: enum iommufd_hw_capabilities
 */
struct iommu_hw_info {
	__u32 size;
	__u32 flags;
	__u32 dev_id;
	__u32 data_len;
	__aligned_u64 data_uptr;
	union {
		__u32 in_data_type;
		__u32 out_data_type;
	};
	__u8 out_max_pasid_log2;
	__u8 __reserved[3];
	__aligned_u64 out_capabilities;
};
#define IOMMU_GET_HW_INFO _IO(IOMMUFD_TYPE, IOMMUFD_CMD_GET_HW_INFO)

enum iommufd_hwpt_set_dirty_tracking_flags {
	IOMMU_HWPT_DIRTY_TRACKING_ENABLE = 1,
};

/*
 * IOMMU_HWPT_SET_DIRTY_TRACKING: start (with ENABLE, from a clean table) or
 * stop to note which pages devices write.
 *   flags       in: enum iommufd_hwpt_set_dirty_tracking_flags
 *   hwpt_id     in
 *   __reserved  in: 0
 */
struct iommu_hwpt_set_dirty_tracking {
	__u32 size;
	__u32 flags;
	__u32 hwpt_id;
	__u32 __reserved;
};
#define IOMMU_HWPT_SET_DIRTY_TRACKING _IO(IOMMUFD_TYPE, IOMMUFD_CMD_HWPT_SET_DIRTY_TRACKING)

enum iommufd_hwpt_get_dirty_bitmap_flags {
	/* only look: cheaper when the range is unmapped next anyway */
	IOMMU_HWPT_GET_DIRTY_BITMAP_NO_CLEAR = 1,
};

/*
 * IOMMU_HWPT_GET_DIRTY_BITMAP: which pages of a range were written since the
 * last call.
 *   hwpt_id     in
 *   flags       in: enum iommufd_hwpt_get_dirty_bitmap_flags
 *   __reserved  in: 0
 *   iova        in: IOVA of bit 0
 *   length      in: bytes
 *   page_size   in: bytes that one bit stands for
 *   data        in: pointer to an array of u64; the bits of dirty pages are
 *               set, the others left as they are
 * EINVAL: length or page_size 0 or not aligned, or a hole in the range.
 */
struct iommu_hwpt_get_dirty_bitmap {
	__u32 size;
	__u32 hwpt_id;
	__u32 flags;
	__u32 __reserved;
	__aligned_u64 iova;
	__aligned_u64 length;
	__aligned_u64 page_size;
	__aligned_u64 data;
};
#define IOMMU_HWPT_GET_DIRTY_BITMAP _IO(IOMMUFD_TYPE, IOMMUFD_CMD_HWPT_GET_DIRTY_BITMAP)

enum iommu_hwpt_invalidate_data_type {
	/* struct iommu_hwpt_vtd_s1_invalidate */
	IOMMU_HWPT_INVALIDATE_DATA_VTD_S1 = 0,
	/* struct iommu_viommu_arm_smmuv3_invalidate, of a vIOMMU */
	IOMMU_VIOMMU_INVALIDATE_DATA_ARM_SMMUV3 = 1,
};

enum iommu_hwpt_vtd_s1_invalidate_flags {
	/* leaf entries only; without it also the upper levels */
	IOMMU_VTD_INV_FLAGS_LEAF = 1 << 0,
};

/*
 * One VT-d first-stage invalidation request.
 *   addr        first address, a multiple of 4096
 *   npages      number of 4096-byte pages; addr 0 with U64_MAX: all
 *   flags       enum iommu_hwpt_vtd_s1_invalidate_flags
 *   __reserved  0
 * A device TLB is invalidated along with it.
 */
struct iommu_hwpt_vtd_s1_invalidate {
	__aligned_u64 addr;
	__aligned_u64 npages;
	__u32 flags;
	__u32 __reserved;
};

/*
 * One command of a guest's SMMUv3 command queue, little-endian, with the guest's
 * StreamIDs: TLBI_NSNH_ALL, TLBI_NH_VA, TLBI_NH_VAA, TLBI_NH_ALL, TLBI_NH_ASID,
 * ATC_INV, CFGI_CD or CFGI_CD_ALL. EIO: another command, or a field that the
 * hardware does not have.
 */
struct iommu_viommu_arm_smmuv3_invalidate {
	__aligned_le64 cmd[2];
};

/*
 * IOMMU_HWPT_INVALIDATE: tell the IOMMU that a nested HWPT's first stage has
 * changed, or, of a vIOMMU, what else a guest's IOMMU caches: its devices'
 * entries and their TLBs, by the ids that they have in the guest.
 *   hwpt_id     in: a nested HWPT or a vIOMMU
 *   data_uptr   in: array of requests
 *   data_type   in: enum iommu_hwpt_invalidate_data_type, for all of them
 *   entry_len   in: bytes of one request, up to the page size
 *   entry_num   in: requests in the array, 0 only asks whether data_type is
 *               known; out: requests that were done, also on an error
 *   __reserved  in: 0
 */
struct iommu_hwpt_invalidate {
	__u32 size;
	__u32 hwpt_id;
	__aligned_u64 data_uptr;
	__u32 data_type;
	__u32 entry_len;
	__u32 entry_num;
	__u32 __reserved;
};
#define IOMMU_HWPT_INVALIDATE _IO(IOMMUFD_TYPE, IOMMUFD_CMD_HWPT_INVALIDATE)

enum iommu_hwpt_pgfault_flags {
	IOMMU_PGFAULT_FLAGS_PASID_VALID = 1 << 0, /* pasid is set */
	IOMMU_PGFAULT_FLAGS_LAST_PAGE = 1 << 1,   /* ends its group */
};

/* What a page request asks for (PCIe page request and PASID prefix bits) */
enum iommu_hwpt_pgfault_perm {
	IOMMU_PGFAULT_PERM_READ = 1 << 0,
	IOMMU_PGFAULT_PERM_WRITE = 1 << 1,
	IOMMU_PGFAULT_PERM_EXEC = 1 << 2,
	IOMMU_PGFAULT_PERM_PRIV = 1 << 3,
};

/*
 * One page request, as read() of a fault queue returns it.
 *   flags       enum iommu_hwpt_pgfault_flags
 *   dev_id      the device it came from
 *   pasid       with PASID_VALID
 *   grpid       the device's page request group index
 *   perm        enum iommu_hwpt_pgfault_perm
 *   __reserved  0
 *   addr        the address that is missing
 *   length      bytes that the device wants next, 0 when it does not say
 *   cookie      names the group in the response
 */
struct iommu_hwpt_pgfault {
	__u32 flags;
	__u32 dev_id;
	__u32 pasid;
	__u32 grpid;
	__u32 perm;
	__u32 __reserved;
	__aligned_u64 addr;
	__u32 length;
	__u32 cookie;
};

enum iommufd_page_response_code {
	IOMMUFD_PAGE_RESP_SUCCESS = 0, /* the page is there now: try again */
	IOMMUFD_PAGE_RESP_INVALID = 1, /* it will not come: give up */
};

/*
 * The answer to a group of page requests, as write() to a fault queue takes
 * it.
 *   cookie  of the group
 *   code    enum iommufd_page_response_code
 */
struct iommu_hwpt_page_response {
	__u32 cookie;
	__u32 code;
};

/*
 * IOMMU_FAULT_QUEUE_ALLOC: a queue for page requests. Its descriptor is read
 * in whole struct iommu_hwpt_pgfault, written in whole struct
 * iommu_hwpt_page_response, and can be polled.
 *   flags         in: 0
 *   out_fault_id  out: for IOMMU_HWPT_ALLOC
 *   out_fault_fd  out: the descriptor
 */
struct iommu_fault_alloc {
	__u32 size;
	__u32 flags;
	__u32 out_fault_id;
	__u32 out_fault_fd;
};
#define IOMMU_FAULT_QUEUE_ALLOC _IO(IOMMUFD_TYPE, IOMMUFD_CMD_FAULT_QUEUE_ALLOC)

enum iommu_viommu_type {
	IOMMU_VIOMMU_TYPE_DEFAULT = 0, /* reserved */
	IOMMU_VIOMMU_TYPE_ARM_SMMUV3 = 1,
	IOMMU_VIOMMU_TYPE_TEGRA241_CMDQV = 2, /* struct iommu_viommu_tegra241_cmdqv */
};

/*
 * Ours: a vIOMMU of any IOMMU with nesting, which knows its vDEVICEs and no more.
 * Nested HWPTs on it are made as on its parent HWPT. It takes no data.
 */
#define IOMMU_VIOMMU_TYPE_CORE 0x80000001U

/*
 * Data of a vIOMMU of type TEGRA241_CMDQV.
 *   out_vintf_mmap_offset, out_vintf_mmap_length  out: for mmap() on /dev/iommu,
 *       page 0 of the virtual interface
 */
struct iommu_viommu_tegra241_cmdqv {
	__aligned_u64 out_vintf_mmap_offset;
	__aligned_u64 out_vintf_mmap_length;
};

/*
 * IOMMU_VIOMMU_ALLOC: a vIOMMU: the part of one physical IOMMU that one guest
 * may use through the IOMMU that it sees.
 *   flags           in: 0
 *   type            in: enum iommu_viommu_type, or one of ours
 *   dev_id          in: a bound device; the physical IOMMU is the one before it
 *   hwpt_id         in: a NEST_PARENT HWPT: the guest's memory
 *   out_viommu_id   out
 *   data_len        in: bytes at data_uptr, 0: none
 *   __reserved      in: 0
 *   data_uptr       in/out: what the type asks for
 * EINVAL: the HWPT is no NEST_PARENT. EOPNOTSUPP: the IOMMU has no vIOMMU of this
 * type. And what the IOMMU driver says of the data.
 */
struct iommu_viommu_alloc {
	__u32 size;
	__u32 flags;
	__u32 type;
	__u32 dev_id;
	__u32 hwpt_id;
	__u32 out_viommu_id;
	__u32 data_len;
	__u32 __reserved;
	__aligned_u64 data_uptr;
};
#define IOMMU_VIOMMU_ALLOC _IO(IOMMUFD_TYPE, IOMMUFD_CMD_VIOMMU_ALLOC)

/*
 * IOMMU_VDEVICE_ALLOC: a vDEVICE: a device as a guest's IOMMU knows it.
 *   viommu_id       in
 *   dev_id          in: a bound device
 *   out_vdevice_id  out
 *   virt_id         in: its number in the guest: virtual StreamID, DeviceID, RID
 * EINVAL: the device is behind another IOMMU than the vIOMMU's. EEXIST: the
 * device has a vDEVICE, or the number is taken. ENOENT also: the device is just
 * being unbound. That destroys the vDEVICE; its id is then dead, and is not given
 * out again.
 */
struct iommu_vdevice_alloc {
	__u32 size;
	__u32 viommu_id;
	__u32 dev_id;
	__u32 out_vdevice_id;
	__aligned_u64 virt_id;
};
#define IOMMU_VDEVICE_ALLOC _IO(IOMMUFD_TYPE, IOMMUFD_CMD_VDEVICE_ALLOC)

enum iommu_veventq_flag {
	IOMMU_VEVENTQ_FLAG_LOST_EVENTS = (1U << 0), /* nothing follows: events were lost here */
};

/*
 * In front of each event, as read() of a vEVENTQ returns it.
 *   flags     enum iommu_veventq_flag
 *   sequence  of the event: 0 to INT_MAX, and 0 again. Where it is more than one
 *             above the last one, the events between were lost
 */
struct iommufd_vevent_header {
	__u32 flags;
	__u32 sequence;
};

enum iommu_veventq_type {
	IOMMU_VEVENTQ_TYPE_DEFAULT = 0,        /* reserved */
	IOMMU_VEVENTQ_TYPE_ARM_SMMUV3 = 1,     /* struct iommu_vevent_arm_smmuv3 */
	IOMMU_VEVENTQ_TYPE_TEGRA241_CMDQV = 2, /* struct iommu_vevent_tegra241_cmdqv */
};

/*
 * One event record of a guest's SMMUv3 (specification, 7.3), little-endian, with
 * the guest's StreamID: C_BAD_STE, F_STREAM_DISABLED, C_BAD_SUBSTREAMID, C_BAD_CD,
 * F_TRANSLATION, F_ADDR_SIZE, F_ACCESS or F_PERMISSION.
 */
struct iommu_vevent_arm_smmuv3 {
	__aligned_le64 evt[4];
};

/* Which of the virtual interface's command queues have an error, little-endian */
struct iommu_vevent_tegra241_cmdqv {
	__aligned_le64 lvcmdq_err_map[2];
};

/*
 * IOMMU_VEVENTQ_ALLOC: a queue for the events of a vIOMMU that its guest is to
 * see. Its descriptor is read in whole events: a struct iommufd_vevent_header and
 * the data of the type; it can be polled.
 *   flags           in: 0
 *   viommu_id       in
 *   type            in: enum iommu_veventq_type, one queue for each
 *   veventq_depth   in: events that it holds, 1 to 1 << 19; more are lost
 *   out_veventq_id  out
 *   out_veventq_fd  out: the descriptor
 *   __reserved      in: 0
 * EEXIST: the vIOMMU has a queue of this type.
 */
struct iommu_veventq_alloc {
	__u32 size;
	__u32 flags;
	__u32 viommu_id;
	__u32 type;
	__u32 veventq_depth;
	__u32 out_veventq_id;
	__u32 out_veventq_fd;
	__u32 __reserved;
};
#define IOMMU_VEVENTQ_ALLOC _IO(IOMMUFD_TYPE, IOMMUFD_CMD_VEVENTQ_ALLOC)

enum iommu_hw_queue_type {
	IOMMU_HW_QUEUE_TYPE_DEFAULT = 0, /* reserved */
	/*
	 * index: made from 0 on upwards, destroyed from the last one downwards.
	 * nesting_parent_iova: a multiple of length. length: a power of two from 32
	 * to 16 << idr[1].CMDQS bytes.
	 */
	IOMMU_HW_QUEUE_TYPE_TEGRA241_CMDQV = 1,
};

/*
 * IOMMU_HW_QUEUE_ALLOC: a queue in a guest's memory that the IOMMU reads and
 * writes by itself.
 *   flags                in: 0
 *   viommu_id            in
 *   type                 in: enum iommu_hw_queue_type
 *   index                in: which one of the vIOMMU's queues of that type
 *   out_hw_queue_id      out
 *   nesting_parent_iova  in: where it is in the guest's memory
 *   length               in: bytes
 * The memory stays pinned and mapped as long as the queue exists: to unmap it is
 * EBUSY. EINVAL: length is 0, or the memory is a device's. ENOENT also: not mapped.
 * EPERM: mapped without IOMMU_IOAS_MAP_WRITEABLE. EFAULT also: the memory is not
 * contiguous.
 */
struct iommu_hw_queue_alloc {
	__u32 size;
	__u32 flags;
	__u32 viommu_id;
	__u32 type;
	__u32 index;
	__u32 out_hw_queue_id;
	__aligned_u64 nesting_parent_iova;
	__aligned_u64 length;
};
#define IOMMU_HW_QUEUE_ALLOC _IO(IOMMUFD_TYPE, IOMMUFD_CMD_HW_QUEUE_ALLOC)

/*
 * mmap() on /dev/iommu: registers of a vIOMMU that its guest may use. Offset and
 * length come from the vIOMMU's data, and only both together, unchanged, name
 * such a region (ENXIO). EINVAL: not MAP_SHARED. EPERM: PROT_EXEC. The
 * vIOMMU cannot be destroyed as long as it is mapped (EBUSY).
 */

#endif /* _UAPI_IOMMUFD_H */
