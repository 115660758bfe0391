// SPDX-License-Identifier: GPL-2.0-only
/* The module: its parameter, its fault injection, and the hook into iommufd. */
#define pr_fmt(fmt) "mock_iommu: " fmt
#include <linux/debugfs.h>
#include <linux/fault-inject.h>
#include <linux/module.h>

#include "mock_iommu/glue.h"
#include "include/linux/iommufd_cxx_test.h"

static char *generation = "7.3";
module_param(generation, charp, 0444);
MODULE_PARM_DESC(generation, "Linux release whose selftests are to run: 7.3 (default) or 6.12");

#ifdef CONFIG_FAULT_INJECTION
static DECLARE_FAULT_ATTR(fail_iommufd);
#endif
static struct dentry *fault_dir;

bool mx_should_fail(void)
{
#ifdef CONFIG_FAULT_INJECTION
	return should_fail(&fail_iommufd, 1);
#else
	return false;
#endif
}

static void create_fault_dir(void)
{
#ifdef CONFIG_FAULT_INJECTION_DEBUG_FS
	fault_dir = fault_create_debugfs_attr("fail_iommufd", NULL, &fail_iommufd);
#endif
}

static struct iommufd_test_hook hook = {
	.owner = THIS_MODULE,
	.ioctl = mock_test_ioctl,
	.is_mock = mx_is_mock,
	.should_fail = mx_should_fail,
};

static int __init mock_module_init(void)
{
	int rc = mock_choose_generation(generation);

	if (rc) {
		pr_err("generation=%s is not known, only 6.12 and 7.3 are\n", generation);
		return rc;
	}
	hook.as_6_12 = mock_is_6_12();
	rc = mock_init();
	if (rc)
		return rc;
	rc = iommufd_test_register(&hook);
	if (rc) {
		mock_exit();
		return rc;
	}
	create_fault_dir();
	return 0;
}

static void __exit mock_module_exit(void)
{
	debugfs_remove_recursive(fault_dir);
	iommufd_test_unregister(&hook);
	mock_exit();
}

module_init(mock_module_init);
module_exit(mock_module_exit);

MODULE_DESCRIPTION("iommufd-cxx: a mock IOMMU with mock devices, for tests of iommufd");
MODULE_LICENSE("GPL");
MODULE_IMPORT_NS(IOMMUFD);
MODULE_IMPORT_NS(IOMMUFD_CXX_TEST);
