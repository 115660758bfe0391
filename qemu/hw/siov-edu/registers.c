/*
 * siov-edu: BAR 0
 *
 * Wrong accesses have no other effect than an entry in the log and, for the
 * first one, the error record. Reading what is not there gives all ones.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "qemu/bitops.h"
#include "qemu/bswap.h"
#include "qemu/log.h"
#include "qemu/units.h"
#include "siov-edu.h"
#include "trace.h"

/* Errors of single registers; 0 is none */
typedef uint32_t SiovEduError;

static const char *siov_edu_error_text(uint32_t code)
{
    static const char * const text[] = {
        [SIOV_EDU_ERROR_OFFSET] = "no such register",
        [SIOV_EDU_ERROR_SIZE] = "wrong size or alignment",
        [SIOV_EDU_ERROR_READ_ONLY] = "register is read-only",
        [SIOV_EDU_ERROR_VALUE] = "bad value",
        [SIOV_EDU_ERROR_BUSY] = "ADI is neither disabled nor paused",
        [SIOV_EDU_ERROR_COMMAND] = "malformed command",
        [SIOV_EDU_ERROR_DISABLED] = "ADI is disabled",
        [SIOV_EDU_ERROR_QUEUE_FULL] = "ADI's queue is full",
        [SIOV_EDU_ERROR_REENTRANT] = "request of the device to itself",
    };

    return text[code & SIOV_EDU_ERROR_CODE];
}

/* CODE may be combined with SIOV_EDU_ERROR_WRITE. */
void siov_edu_error(SiovEduState *s, uint32_t code, hwaddr addr, uint64_t data)
{
    qemu_log_mask(LOG_GUEST_ERROR,
                  "siov-edu: %s: %s at 0x%" HWADDR_PRIx ", data 0x%" PRIx64
                  "\n", siov_edu_error_text(code),
                  code & SIOV_EDU_ERROR_WRITE ? "write" : "read", addr, data);
    if (s->error & SIOV_EDU_ERROR_VALID) {
        s->error |= SIOV_EDU_ERROR_OVERFLOW;
        return;
    }
    s->error = SIOV_EDU_ERROR_VALID | code;
    s->error_address = addr;
    s->error_data = data;
    siov_edu_event(s, SIOV_EDU_EVENT_ERROR);
}

void siov_edu_registers_reset(SiovEduState *s)
{
    s->select = 0;
    s->event = 0;
    s->event_enable = 0;
    s->error = 0;
    s->error_address = 0;
    s->error_data = 0;
}

static uint32_t siov_edu_state(const SiovEduAdi *adi)
{
    return (siov_edu_paused(adi) ? SIOV_EDU_ADI_PAUSED : 0) |
           (adi->draining ? SIOV_EDU_ADI_DRAINING : 0) |
           (adi->phase != SIOV_EDU_IDLE ? SIOV_EDU_ADI_RUNNING : 0) |
           (adi->phase == SIOV_EDU_PAGES ? SIOV_EDU_ADI_PAGE_WAIT : 0);
}

static uint32_t siov_edu_status(const SiovEduAdi *adi)
{
    return adi->status |
           adi->pending << ctz32(SIOV_EDU_STATUS_PENDING) |
           (adi->phase == SIOV_EDU_PAGES ? SIOV_EDU_STATUS_PAGE_WAIT : 0);
}

static SiovEduError siov_edu_read_page0(SiovEduState *s, unsigned offset,
                                        uint32_t *val)
{
    const SiovEduAdi *adi = &s->adis[s->select];

    switch (offset) {
    case SIOV_EDU_MAGIC:
        *val = SIOV_EDU_MAGIC_VALUE;
        break;
    case SIOV_EDU_VERSION:
        *val = SIOV_EDU_VERSION_VALUE;
        break;
    case SIOV_EDU_NUM_ADIS:
        *val = s->num_adis;
        break;
    case SIOV_EDU_QUEUE_DEPTH:
        *val = SIOV_EDU_DEPTH;
        break;
    case SIOV_EDU_BUFFER_SIZE:
        *val = SIOV_EDU_BUFFER_BYTES;
        break;
    case SIOV_EDU_MAX_LENGTH:
        *val = SIOV_EDU_LENGTH_MAX;
        break;
    case SIOV_EDU_CONTROL:
        *val = 0;
        break;
    case SIOV_EDU_EVENT_ENABLE:
        *val = s->event_enable;
        break;
    case SIOV_EDU_EVENT:
        *val = s->event;
        break;
    case SIOV_EDU_ERROR:
        *val = s->error;
        break;
    case SIOV_EDU_ERROR_ADDRESS:
        *val = s->error_address;
        break;
    case SIOV_EDU_ERROR_DATA:
        *val = s->error_data;
        break;
    case SIOV_EDU_ERROR_DATA + 4:
        *val = s->error_data >> 32;
        break;
    case SIOV_EDU_ADI_SELECT:
        *val = s->select;
        break;
    case SIOV_EDU_ADI_PASID:
        *val = adi->pasid;
        break;
    case SIOV_EDU_ADI_CONTROL:
        *val = adi->control;
        break;
    case SIOV_EDU_ADI_STATE:
        *val = siov_edu_state(adi);
        break;
    case SIOV_EDU_ADI_DELAY:
        *val = adi->delay;
        break;
    default:
        return SIOV_EDU_ERROR_OFFSET;
    }
    return 0;
}

static SiovEduError siov_edu_read_adi(const SiovEduAdi *adi, unsigned offset,
                                      uint32_t *val)
{
    switch (offset) {
    case SIOV_EDU_SRC:
        *val = adi->regs.src;
        break;
    case SIOV_EDU_SRC + 4:
        *val = adi->regs.src >> 32;
        break;
    case SIOV_EDU_DST:
        *val = adi->regs.dst;
        break;
    case SIOV_EDU_DST + 4:
        *val = adi->regs.dst >> 32;
        break;
    case SIOV_EDU_LENGTH:
        *val = adi->regs.length;
        break;
    case SIOV_EDU_COMMAND:
        *val = adi->regs.word;
        break;
    case SIOV_EDU_OPERAND:
        *val = adi->regs.operand;
        break;
    case SIOV_EDU_OPERAND + 4:
        *val = adi->regs.operand >> 32;
        break;
    case SIOV_EDU_RESULT:
        *val = adi->result;
        break;
    case SIOV_EDU_RESULT + 4:
        *val = adi->result >> 32;
        break;
    case SIOV_EDU_STATUS:
        *val = siov_edu_status(adi);
        break;
    case SIOV_EDU_COMPLETED:
        *val = adi->completed;
        break;
    case SIOV_EDU_REJECTED:
        *val = adi->rejected;
        break;
    case SIOV_EDU_IRQ_MASK:
        *val = adi->irq_masked;
        break;
    case SIOV_EDU_IRQ_PENDING:
        *val = adi->irq_pending;
        break;
    case SIOV_EDU_FAULT_ADDRESS:
        *val = adi->fault_address;
        break;
    case SIOV_EDU_FAULT_ADDRESS + 4:
        *val = adi->fault_address >> 32;
        break;
    default:
        return SIOV_EDU_ERROR_OFFSET;
    }
    return 0;
}

static SiovEduError siov_edu_write_pasid(SiovEduAdi *adi, uint32_t val)
{
    if (val & ~(SIOV_EDU_ADI_PASID_VALID | SIOV_EDU_ADI_PASID_MASK)) {
        return SIOV_EDU_ERROR_VALUE;
    }
    if ((adi->control & SIOV_EDU_ADI_ENABLE || adi->pending) &&
        !siov_edu_paused(adi)) {
        return SIOV_EDU_ERROR_BUSY;
    }
    adi->pasid = val;
    return 0;
}

static SiovEduError siov_edu_write_control(SiovEduAdi *adi, uint32_t val)
{
    const uint32_t kept = SIOV_EDU_ADI_ENABLE | SIOV_EDU_ADI_PAUSE;

    if (val & ~(kept | SIOV_EDU_ADI_RESET | SIOV_EDU_ADI_DRAIN)) {
        return SIOV_EDU_ERROR_VALUE;
    }
    /* A reset and the new state are one step, in which nothing starts. */
    if (val & SIOV_EDU_ADI_RESET) {
        siov_edu_adi_reset(adi);
    }
    siov_edu_set_control(adi, val & kept);
    if (val & SIOV_EDU_ADI_DRAIN) {
        siov_edu_drain(adi);
    }
    return 0;
}

static SiovEduError siov_edu_write_page0(SiovEduState *s, unsigned offset,
                                         uint32_t val)
{
    const uint32_t events = SIOV_EDU_EVENT_ERROR | SIOV_EDU_EVENT_PAUSED |
                            SIOV_EDU_EVENT_DRAINED;
    SiovEduAdi *adi = &s->adis[s->select];

    switch (offset) {
    case SIOV_EDU_CONTROL:
        if (val & ~SIOV_EDU_CONTROL_RESET) {
            return SIOV_EDU_ERROR_VALUE;
        }
        if (val) {
            siov_edu_reset(s);
        }
        return 0;
    case SIOV_EDU_EVENT_ENABLE:
        if (val & ~events) {
            return SIOV_EDU_ERROR_VALUE;
        }
        s->event_enable = val;
        siov_edu_event(s, 0);
        return 0;
    case SIOV_EDU_EVENT:
        s->event &= ~val;
        return val & ~events ? SIOV_EDU_ERROR_VALUE : 0;
    case SIOV_EDU_ERROR:
        if (val & SIOV_EDU_ERROR_VALID) {
            s->error = 0;
        }
        return 0;
    case SIOV_EDU_ADI_SELECT:
        if (val >= s->num_adis) {
            return SIOV_EDU_ERROR_VALUE;
        }
        s->select = val;
        return 0;
    case SIOV_EDU_ADI_PASID:
        return siov_edu_write_pasid(adi, val);
    case SIOV_EDU_ADI_CONTROL:
        return siov_edu_write_control(adi, val);
    case SIOV_EDU_ADI_DELAY:
        adi->delay = val;
        return 0;
    default:
        return siov_edu_read_page0(s, offset, &val) ?: SIOV_EDU_ERROR_READ_ONLY;
    }
}

static SiovEduError siov_edu_write_mask(SiovEduAdi *adi, uint32_t val)
{
    if (val & ~1) {
        return SIOV_EDU_ERROR_VALUE;
    }
    adi->irq_masked = val;
    if (!adi->irq_masked && adi->irq_pending) {
        adi->irq_pending = false;
        siov_edu_interrupt(adi);
    }
    return 0;
}

static SiovEduError siov_edu_write_adi(SiovEduAdi *adi, unsigned offset,
                                       uint32_t val)
{
    SiovEduCommand *regs = &adi->regs;

    switch (offset) {
    case SIOV_EDU_SRC:
        regs->src = deposit64(regs->src, 0, 32, val);
        return 0;
    case SIOV_EDU_SRC + 4:
        regs->src = deposit64(regs->src, 32, 32, val);
        return 0;
    case SIOV_EDU_DST:
        regs->dst = deposit64(regs->dst, 0, 32, val);
        return 0;
    case SIOV_EDU_DST + 4:
        regs->dst = deposit64(regs->dst, 32, 32, val);
        return 0;
    case SIOV_EDU_LENGTH:
        regs->length = val;
        return 0;
    case SIOV_EDU_COMMAND:
        regs->word = val;
        siov_edu_doorbell(adi);
        return 0;
    case SIOV_EDU_OPERAND:
        regs->operand = deposit64(regs->operand, 0, 32, val);
        return 0;
    case SIOV_EDU_OPERAND + 4:
        regs->operand = deposit64(regs->operand, 32, 32, val);
        return 0;
    case SIOV_EDU_IRQ_MASK:
        return siov_edu_write_mask(adi, val);
    case SIOV_EDU_IRQ_PENDING:
        adi->irq_pending &= !(val & 1);
        return val & ~1 ? SIOV_EDU_ERROR_VALUE : 0;
    default:
        return siov_edu_read_adi(adi, offset, &val) ?: SIOV_EDU_ERROR_READ_ONLY;
    }
}

static SiovEduError siov_edu_read32(SiovEduState *s, hwaddr addr, uint32_t *val)
{
    unsigned page = addr / SIOV_EDU_PAGE_SIZE;
    unsigned offset = addr % SIOV_EDU_PAGE_SIZE;

    return page ? siov_edu_read_adi(&s->adis[page - 1], offset, val)
                : siov_edu_read_page0(s, offset, val);
}

static SiovEduError siov_edu_write32(SiovEduState *s, hwaddr addr, uint32_t val)
{
    unsigned page = addr / SIOV_EDU_PAGE_SIZE;
    unsigned offset = addr % SIOV_EDU_PAGE_SIZE;

    return page ? siov_edu_write_adi(&s->adis[page - 1], offset, val)
                : siov_edu_write_page0(s, offset, val);
}

/* What is wrong with an access before it is known to which register */
static SiovEduError siov_edu_check_access(SiovEduState *s, hwaddr addr,
                                          unsigned size)
{
    unsigned offset = addr % SIOV_EDU_PAGE_SIZE;
    bool page0 = addr < SIOV_EDU_PAGE_SIZE;

    if (s->mastering) {
        return SIOV_EDU_ERROR_REENTRANT;
    }
    if (addr / SIOV_EDU_PAGE_SIZE > s->num_adis) {
        return SIOV_EDU_ERROR_OFFSET;
    }
    if (addr % size || (size < 4 && (page0 || offset < SIOV_EDU_BUFFER))) {
        return SIOV_EDU_ERROR_SIZE;
    }
    return 0;
}

/* The place in an ADI's buffer, or NULL for registers */
static uint8_t *siov_edu_buffer(SiovEduState *s, hwaddr addr)
{
    unsigned page = addr / SIOV_EDU_PAGE_SIZE;
    unsigned offset = addr % SIOV_EDU_PAGE_SIZE;

    return page && offset >= SIOV_EDU_BUFFER
           ? s->adis[page - 1].buffer + offset - SIOV_EDU_BUFFER : NULL;
}

static uint64_t siov_edu_bar_read(void *opaque, hwaddr addr, unsigned size)
{
    SiovEduState *s = opaque;
    SiovEduError error = siov_edu_check_access(s, addr, size);
    uint64_t result = 0;

    if (error) {
        siov_edu_error(s, error, addr, 0);
        return MAKE_64BIT_MASK(0, size * 8);
    }
    if (siov_edu_buffer(s, addr)) {
        return ldn_le_p(siov_edu_buffer(s, addr), size);
    }
    for (unsigned i = 0; i < size; i += 4) {
        uint32_t val = UINT32_MAX;

        error = siov_edu_read32(s, addr + i, &val);
        if (error) {
            siov_edu_error(s, error, addr + i, 0);
        }
        result |= (uint64_t)val << (i * 8);
    }
    trace_siov_edu_read(addr, size, result);
    return result;
}

static void siov_edu_bar_write(void *opaque, hwaddr addr, uint64_t val,
                               unsigned size)
{
    SiovEduState *s = opaque;
    SiovEduError error = siov_edu_check_access(s, addr, size);

    if (error) {
        siov_edu_error(s, error | SIOV_EDU_ERROR_WRITE, addr, val);
        return;
    }
    if (siov_edu_buffer(s, addr)) {
        stn_le_p(siov_edu_buffer(s, addr), size, val);
        return;
    }
    trace_siov_edu_write(addr, size, val);
    for (unsigned i = 0; i < size; i += 4) {
        uint32_t half = val >> (i * 8);

        error = siov_edu_write32(s, addr + i, half);
        if (error) {
            siov_edu_error(s, error | SIOV_EDU_ERROR_WRITE, addr + i, half);
        }
    }
}

const MemoryRegionOps siov_edu_ops = {
    .read = siov_edu_bar_read,
    .write = siov_edu_bar_write,
    .endianness = DEVICE_LITTLE_ENDIAN,
    /* Wrong accesses are the device's to record. */
    .valid = { .min_access_size = 1, .max_access_size = 8, .unaligned = true },
    .impl = { .min_access_size = 1, .max_access_size = 8, .unaligned = true },
};
