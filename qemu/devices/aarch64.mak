# Machine virt; it selects SMMUv3 itself
CONFIG_ARM_VIRT=y
