// SPDX-License-Identifier: GPL-2.0-only
// The gate: the functions of <linux/iommu_pasid_alloc.h>, where Results become errnos, and the module's life.
#include "kern/log.hpp"
#include "pasid_alloc/builtin.hpp"
#include "pasid_alloc/consumer.hpp"

#define IOMMUFD_CXX_KERNEL
#include "linux/iommu_pasid_alloc.h"

using namespace pasid;

namespace {

constinit Everything *all = nullptr;

Consumer &consumer_of(iommu_pasid_consumer *consumer) { return *reinterpret_cast<Consumer *>(consumer); }

base::Status add_own_backends(Registry &registry)
{
	TRY(registry.add(host_backend));
	return registry.add(private_backend);
}

} // namespace

pasid::Everything &pasid::everything() { return *all; }

int pasid_module_init()
{
	all = new Everything;
	return all ? kern::to_errno("pasid_alloc", add_own_backends(all->registry)) : -12; // ENOMEM
}

void pasid_module_exit()
{
	delete all;
	all = nullptr;
}

iommu_pasid_consumer *iommu_pasid_init(device *dev, const char *name, const iommu_pasid_ops *ops, void *data)
{
	auto made = Consumer::create(everything().registry, dev, name, ops, data);
	if (!made) {
		const int error = kern::reject("iommu_pasid_init", made.error());
		return reinterpret_cast<iommu_pasid_consumer *>(static_cast<std::intptr_t>(error)); // ERR_PTR()
	}
	return reinterpret_cast<iommu_pasid_consumer *>(made->release());
}

unsigned iommu_pasid_exit(iommu_pasid_consumer *consumer)
{
	kern::Box<Consumer> owned(&consumer_of(consumer));
	return owned->free_leaks();
}

int iommu_pasid_alloc(iommu_pasid_consumer *consumer, unsigned min, unsigned max, void *private_data, unsigned *pasid)
{
	auto got = consumer_of(consumer).alloc({Pasid(min), Pasid(max)}, private_data);
	if (!got)
		return kern::reject("iommu_pasid_alloc", got.error());
	*pasid = got->raw();
	return 0;
}

int iommu_pasid_free(iommu_pasid_consumer *consumer, unsigned pasid)
{
	return kern::to_errno("iommu_pasid_free", consumer_of(consumer).free(Pasid(pasid)));
}

void *iommu_pasid_find(iommu_pasid_consumer *consumer, unsigned pasid)
{
	return consumer_of(consumer).find(Pasid(pasid));
}

int iommu_pasid_for_each(iommu_pasid_consumer *consumer, int (*fn)(unsigned pasid, void *private_data, void *arg),
			 void *arg)
{
	return consumer_of(consumer).for_each([&](Pasid p, void *owner) { return fn(p.raw(), owner, arg); });
}

int iommu_pasid_backend_register(iommu_pasid_backend *backend)
{
	return kern::to_errno("iommu_pasid_backend_register", everything().registry.add(*backend));
}

int iommu_pasid_backend_unregister(iommu_pasid_backend *backend)
{
	return kern::to_errno("iommu_pasid_backend_unregister", everything().registry.remove(*backend));
}
