# SPDX-License-Identifier: GPL-2.0-only
#
# The commands of the project; each is a small tool in tools/ or ./vm. The modules
# themselves are described in Kbuild.

# Any 6.12 build tree; without it, the test kernel, built on first need.
KDIR ?=
KERNEL := $(or $(KDIR),test)
RUNNING := $(or $(KDIR),/lib/modules/$(shell uname -r)/build)

.NOTPARALLEL:
.PHONY: modules help deps kernel debug nogroup container stock programs qemu qemu-test run run-pci test test-debug \
	upstream-test fuzz bench shell tidy install uninstall clean distclean

modules: ## build the modules (default); KDIR=DIR: for that 6.12 kernel, else the test kernel
	@tools/modules build $(KERNEL)

help: ## this list
	@awk -F ': .*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' Makefile
	@echo '  ./vm --help       run your own program in a VM'

deps: ## install what is needed from Debian's packages (as root); DEV=1: clang-tidy too
	@DEV=$(DEV) tools/deps

kernel: ## build only the test kernel (once, 4 to 7 minutes)
	@tools/kernel build test

debug: ## the modules for the debug kernel: KASAN, lockdep, kmemleak (kernel once, 5 to 15 minutes)
	@tools/modules build debug

nogroup: ## the modules for the test kernel without VFIO groups (a minute, once)
	@tools/modules build nogroup

container: ## the modules for the test kernel with VFIO's own container (a minute, once)
	@tools/modules build container

stock: ## the modules for Debian's own kernel (fetched, not installed)
	@tools/modules build stock

programs:
	@tools/programs

qemu: ## our own QEMU, with the device siov-edu (once, 8 to 16 minutes); ./vm uses it from then on
	@tools/qemu build

qemu-test: qemu ## that QEMU's devices, driven without a guest; QTEST=NAME: those tests
	@qemu/tests/run $(QTEST)

# A device that can be divided, on an IOMMU that has PASIDs
SIOV := --iommu intel-strict --device pcie-root-port,id=port1,addr=0x10,chassis=1,slot=1 \
	--device siov-edu,bus=port1,num-adis=16

# --icount: the same in each run, on a busy machine too
run: deps qemu modules programs ## the main job: one device in slices, for three processes, in a VM (makes qemu: once, 8 to 16 minutes)
	@./vm run --icount --smp 2 $(SIOV) --copy mdevctl --copy build/programs/siov_run -- siov_run

run-pci: deps modules programs ## a whole PCI device does DMA through our /dev/iommu, in a VM; no QEMU is built
	@./vm run --device edu,addr=0x10 --copy build/programs/edu_run -- edu_run

test: deps qemu modules nogroup container stock programs ## every test on the test kernel; ends in "N passed, N failed"
	@tools/test test

test-debug: deps qemu debug programs ## the tests in the VM again, on the debug kernel
	@tools/test debug

upstream-test: deps modules ## the selftests of iommufd of Linux 6.12 and 7.3, unmodified, on our modules
	@tools/upstream-test $(UPSTREAM)

fuzz: deps debug programs ## 10 minutes of random programs on the debug kernel, led by KCOV; SEED=N: others
	@tools/fuzz --no-kmemleak --save --seconds 600 --seed $(or $(SEED),1)

bench: deps qemu modules programs ## what mapping, attaching, PASIDs, slices and vDEVICEs cost, in instructions; in-tree too where it has that
	@tools/compare-cost $(BACKENDS)
	@tools/pasid-cost
	@./vm run --icount --smp 2 $(subst num-adis=16,num-adis=256,$(SIOV)) --copy build/programs/slice_bench -- slice_bench
	@./vm run --icount --copy build/programs/vdevice_bench -- vdevice_bench
	@./vm run --icount --copy build/programs/event_bench -- event_bench

shell: modules ## a VM with our modules and a shell
	@./vm shell --device edu,addr=0x10

tidy: modules ## clang-tidy over the C++ sources; its findings are errors
	@tools/tidy

install: ## install the modules for the running kernel, or KDIR=DIR (as root)
	@tools/modules install $(RUNNING)

uninstall: ## remove what `make install` installed
	@tools/modules uninstall $(RUNNING)

clean: ## remove everything that was built here
	rm -rf build

distclean: clean ## the same, and say what the shared cache holds; CACHE=1 removes it too
	@tools/clean-cache $(if $(filter 1,$(CACHE)),remove)
