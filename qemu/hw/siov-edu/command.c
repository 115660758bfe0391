/*
 * siov-edu: an ADI's commands
 *
 * The doorbell puts a copy of the command registers into the queue. One command
 * at a time starts, waits out the delay, perhaps waits for pages, completes:
 *
 *   IDLE -> [DELAYED] -> [PAGES -> READY]... -> IDLE
 *
 * PAUSE keeps commands from starting and from going on after PAGES, so a paused
 * ADI makes no DMA; a command that is DELAYED is still let through.
 *
 * SPDX-License-Identifier: GPL-2.0-or-later
 */

#include "qemu/osdep.h"
#include "qemu/units.h"
#include "siov-edu.h"
#include "trace.h"

static hwaddr siov_edu_command_register(const SiovEduAdi *adi)
{
    return SIOV_EDU_ADI_PAGE(adi->index) + SIOV_EDU_COMMAND;
}

static bool siov_edu_in_buffer(uint64_t offset, uint32_t length)
{
    return length <= SIOV_EDU_BUFFER_BYTES &&
           offset <= SIOV_EDU_BUFFER_BYTES - length;
}

static bool siov_edu_in_memory(uint64_t addr, uint32_t length)
{
    return length && length <= SIOV_EDU_LENGTH_MAX &&
           addr <= UINT64_MAX - length;
}

/* The status with which a malformed command completes; OK for the others */
static uint8_t siov_edu_check(const SiovEduCommand *c)
{
    bool fits;

    if (c->word & ~(SIOV_EDU_COMMAND_MASK | SIOV_EDU_COMMAND_IRQ |
                    SIOV_EDU_COMMAND_PAGES)) {
        return SIOV_EDU_BAD_COMMAND;
    }
    switch (c->word & SIOV_EDU_COMMAND_MASK) {
    case SIOV_EDU_READ:
        fits = siov_edu_in_memory(c->src, c->length) &&
               siov_edu_in_buffer(c->dst, c->length);
        break;
    case SIOV_EDU_WRITE:
        fits = siov_edu_in_buffer(c->src, c->length) &&
               siov_edu_in_memory(c->dst, c->length);
        break;
    case SIOV_EDU_COPY:
        fits = siov_edu_in_memory(c->src, c->length) &&
               siov_edu_in_memory(c->dst, c->length);
        break;
    case SIOV_EDU_CHECKSUM:
        fits = siov_edu_in_memory(c->src, c->length);
        break;
    case SIOV_EDU_FETCH_ADD:
        fits = (c->length == 4 || c->length == 8) && !(c->dst % c->length);
        break;
    default:
        return SIOV_EDU_BAD_COMMAND;
    }
    return fits ? SIOV_EDU_OK : SIOV_EDU_BAD_RANGE;
}

static uint8_t siov_edu_copy(SiovEduAdi *adi, const SiovEduCommand *c)
{
    uint8_t chunk[4 * KiB];

    for (uint32_t done = 0; done < c->length; done += sizeof(chunk)) {
        uint32_t n = MIN(c->length - done, sizeof(chunk));
        uint8_t status = siov_edu_dma(adi, c->src + done, chunk, n, false);

        if (status == SIOV_EDU_OK) {
            status = siov_edu_dma(adi, c->dst + done, chunk, n, true);
        }
        if (status != SIOV_EDU_OK) {
            return status;
        }
    }
    return SIOV_EDU_OK;
}

static uint8_t siov_edu_checksum(SiovEduAdi *adi, const SiovEduCommand *c)
{
    uint64_t hash = 0xcbf29ce484222325; /* FNV-1a, 64 bits */
    uint8_t chunk[4 * KiB];

    for (uint32_t done = 0; done < c->length; done += sizeof(chunk)) {
        uint32_t n = MIN(c->length - done, sizeof(chunk));
        uint8_t status = siov_edu_dma(adi, c->src + done, chunk, n, false);

        if (status != SIOV_EDU_OK) {
            return status;
        }
        for (uint32_t i = 0; i < n; i++) {
            hash = (hash ^ chunk[i]) * 0x100000001b3;
        }
    }
    adi->result = hash;
    return SIOV_EDU_OK;
}

static uint8_t siov_edu_execute(SiovEduAdi *adi, const SiovEduCommand *c)
{
    switch (c->word & SIOV_EDU_COMMAND_MASK) {
    case SIOV_EDU_READ:
        return siov_edu_dma(adi, c->src, adi->buffer + c->dst, c->length,
                            false);
    case SIOV_EDU_WRITE:
        return siov_edu_dma(adi, c->dst, adi->buffer + c->src, c->length, true);
    case SIOV_EDU_COPY:
        return siov_edu_copy(adi, c);
    case SIOV_EDU_CHECKSUM:
        return siov_edu_checksum(adi, c);
    case SIOV_EDU_FETCH_ADD:
        return siov_edu_fetch_add(adi, c->dst, c->length, c->operand,
                                  &adi->result);
    default:
        g_assert_not_reached();
    }
}

static SiovEduPageState siov_edu_pages(SiovEduAdi *adi, const SiovEduCommand *c)
{
    const SiovEduRange src = { c->src, c->length, IOMMU_RO };
    const SiovEduRange dst = { c->dst, c->length, IOMMU_WO };
    const SiovEduRange sum = { c->dst, c->length, IOMMU_RW };

    switch (c->word & SIOV_EDU_COMMAND_MASK) {
    case SIOV_EDU_READ:
    case SIOV_EDU_CHECKSUM:
        return siov_edu_request_pages(adi, &src, 1);
    case SIOV_EDU_WRITE:
        return siov_edu_request_pages(adi, &dst, 1);
    case SIOV_EDU_COPY:
        return siov_edu_request_pages(adi, (SiovEduRange[]) { src, dst }, 2);
    case SIOV_EDU_FETCH_ADD:
        return siov_edu_request_pages(adi, &sum, 1);
    default:
        g_assert_not_reached();
    }
}

/* Tells the privileged driver what it waits for. */
static void siov_edu_settle(SiovEduAdi *adi, bool was_paused)
{
    if (!was_paused && siov_edu_paused(adi)) {
        trace_siov_edu_paused(adi->index, adi->pending);
        siov_edu_event(adi->dev, SIOV_EDU_EVENT_PAUSED);
    }
    if (adi->draining && (!adi->drain_left || siov_edu_paused(adi))) {
        adi->draining = false;
        trace_siov_edu_drained(adi->index);
        siov_edu_event(adi->dev, SIOV_EDU_EVENT_DRAINED);
    }
}

static void siov_edu_complete(SiovEduAdi *adi, uint8_t status)
{
    uint32_t word = adi->queue[adi->head].word;

    adi->phase = SIOV_EDU_IDLE;
    adi->head = (adi->head + 1) % SIOV_EDU_DEPTH;
    adi->pending--;
    adi->drain_left -= !!adi->drain_left;
    adi->status = status;
    adi->completed++;
    trace_siov_edu_complete(adi->index, word, status);
    if (word & SIOV_EDU_COMMAND_IRQ) {
        siov_edu_interrupt(adi);
    }
}

static void siov_edu_run(SiovEduAdi *adi)
{
    SiovEduCommand *c = &adi->queue[adi->head];
    uint8_t status = c->bad;

    if (status == SIOV_EDU_OK && (c->word & SIOV_EDU_COMMAND_PAGES)) {
        switch (siov_edu_pages(adi, c)) {
        case SIOV_EDU_PAGES_PRESENT:
            break;
        case SIOV_EDU_PAGES_AWAITED:
            return;
        case SIOV_EDU_PAGES_REFUSED:
            status = SIOV_EDU_NO_PAGE;
            break;
        }
    }
    if (status == SIOV_EDU_OK) {
        status = siov_edu_execute(adi, c);
    }
    siov_edu_complete(adi, status);
}

static void siov_edu_start(SiovEduAdi *adi)
{
    trace_siov_edu_start(adi->index, adi->queue[adi->head].word, adi->delay);
    adi->groups_sent = 0;
    adi->pages_denied = false;
    if (adi->delay) {
        adi->phase = SIOV_EDU_DELAYED;
        timer_mod(&adi->timer, qemu_clock_get_ns(QEMU_CLOCK_VIRTUAL) +
                               adi->delay * (int64_t)SCALE_US);
    } else {
        siov_edu_run(adi);
    }
}

/* Does what can be done now. */
static void siov_edu_work(SiovEduAdi *adi, bool was_paused)
{
    if (!(adi->control & SIOV_EDU_ADI_PAUSE) &&
        adi->phase == SIOV_EDU_READY) {
        siov_edu_run(adi);
    }
    while (!(adi->control & SIOV_EDU_ADI_PAUSE) &&
           adi->phase == SIOV_EDU_IDLE && adi->pending) {
        siov_edu_start(adi);
    }
    siov_edu_settle(adi, was_paused);
}

void siov_edu_go_on(SiovEduAdi *adi)
{
    siov_edu_work(adi, siov_edu_paused(adi));
}

static void siov_edu_timer(void *opaque)
{
    SiovEduAdi *adi = opaque;

    siov_edu_run(adi);
    siov_edu_work(adi, false);
}

void siov_edu_doorbell(SiovEduAdi *adi)
{
    uint32_t why = 0;
    SiovEduCommand *c;

    if (!(adi->control & SIOV_EDU_ADI_ENABLE)) {
        why = SIOV_EDU_ERROR_DISABLED;
    } else if (adi->pending == SIOV_EDU_DEPTH) {
        why = SIOV_EDU_ERROR_QUEUE_FULL;
    }
    if (why) {
        adi->rejected++;
        siov_edu_error(adi->dev, why | SIOV_EDU_ERROR_WRITE,
                       siov_edu_command_register(adi), adi->regs.word);
        return;
    }
    c = &adi->queue[(adi->head + adi->pending) % SIOV_EDU_DEPTH];
    *c = adi->regs;
    c->bad = siov_edu_check(c);
    if (c->bad != SIOV_EDU_OK) {
        siov_edu_error(adi->dev, SIOV_EDU_ERROR_COMMAND | SIOV_EDU_ERROR_WRITE,
                       siov_edu_command_register(adi), c->word);
    }
    adi->pending++;
    siov_edu_go_on(adi);
}

bool siov_edu_paused(const SiovEduAdi *adi)
{
    return (adi->control & SIOV_EDU_ADI_PAUSE) &&
           adi->phase != SIOV_EDU_DELAYED;
}

void siov_edu_set_control(SiovEduAdi *adi, uint32_t control)
{
    bool was_paused = siov_edu_paused(adi);

    adi->control = control;
    siov_edu_work(adi, was_paused);
}

void siov_edu_drain(SiovEduAdi *adi)
{
    adi->draining = true;
    adi->drain_left = adi->pending;
    siov_edu_go_on(adi);
}

/* What the owner of the ADI sees starts afresh; what it may do stays. */
void siov_edu_adi_reset(SiovEduAdi *adi)
{
    bool was_paused = siov_edu_paused(adi);

    trace_siov_edu_adi_reset(adi->index, adi->pending);
    timer_del(&adi->timer);
    if (adi->group) {
        adi->group->adi = NULL; /* still outstanding */
        adi->group = NULL;
    }
    adi->phase = SIOV_EDU_IDLE;
    adi->head = 0;
    adi->pending = 0;
    adi->drain_left = 0;
    adi->regs = (SiovEduCommand) { };
    adi->result = 0;
    adi->fault_address = 0;
    adi->completed = 0;
    adi->rejected = 0;
    adi->status = 0;
    adi->irq_masked = false;
    adi->irq_pending = false;
    memset(adi->buffer, 0, sizeof(adi->buffer));
    siov_edu_settle(adi, was_paused);
}

void siov_edu_adi_init(SiovEduState *s, unsigned index)
{
    SiovEduAdi *adi = &s->adis[index];

    adi->dev = s;
    adi->index = index;
    timer_init_ns(&adi->timer, QEMU_CLOCK_VIRTUAL, siov_edu_timer, adi);
}

void siov_edu_adi_exit(SiovEduAdi *adi)
{
    timer_del(&adi->timer);
}
